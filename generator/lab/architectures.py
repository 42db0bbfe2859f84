"""The architectures the lab can boot, by Debian's name, and why others cannot be tested here.

Machine lines and sizes were found by trying them under TCG, QEMU's emulator without hardware help.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """How QEMU boots one architecture, and what its first kernel is given."""

    name: str  # Debian's
    kernel_arch: str  # as uname -m says
    emulator: str
    machine: tuple[str, ...]  # options of the emulator
    console: str
    kernel_package: str
    suite: str = ""  # another suite than the host's, where the host's kernel cannot make a dump
    memory_mb: int = 1024
    crashkernel: str = "256M"
    load_options: tuple[str, ...] = ()  # of `kdump-capture load`
    collector: str = "makedumpfile"
    note: str = ""  # for every report: why it is run otherwise than the rest


ARCHITECTURES = (
    Architecture(
        name="amd64",
        kernel_arch="x86_64",
        emulator="qemu-system-x86_64",
        machine=("-cpu", "max", "-machine", "q35"),
        console="ttyS0",
        kernel_package="linux-image-amd64",
        load_options=("--no-checks",),
    ),
    Architecture(
        name="i386",
        kernel_arch="i686",
        emulator="qemu-system-i386",
        machine=("-cpu", "max", "-machine", "q35"),
        console="ttyS0",
        kernel_package="linux-image-686-pae",
        crashkernel="192M",
        load_options=("--no-checks",),
    ),
    Architecture(
        name="ppc64el",
        kernel_arch="ppc64le",
        emulator="qemu-system-ppc64",
        machine=("-machine", "pseries,x-vof=on"),
        console="hvc0",
        kernel_package="linux-image-powerpc64le",
        memory_mb=2048,
        crashkernel="384M",
        note="x-vof=on: QEMU's own small firmware, which starts in a third of the time",
    ),
    Architecture(
        name="arm64",
        kernel_arch="aarch64",
        emulator="qemu-system-aarch64",
        machine=("-machine", "virt", "-cpu", "cortex-a57"),
        console="ttyAMA0",
        kernel_package="linux-image-arm64",
        suite="trixie",
        load_options=("--no-checks",),
        collector="cp",
        note="Debian 12's kernel lacks KALLSYMS_ALL, so kexec cannot describe its memory; Debian 13's has 52 bits of "
        "virtual addresses, which makedumpfile up to 1.7.8 refuses: the plain copy is what works",
    ),
)

# Ports of Debian that cannot be tested, with the reason as it was found in their kernels' configuration.
IMPOSSIBLE = {
    "s390x": "Debian's kernels have CRASH_DUMP off (12) or KEXEC off (13): nothing can load a capture kernel",
}


def find_architecture(name: str) -> Architecture | None:
    """Return an architecture by Debian's name or the kernel's."""
    return next((known for known in ARCHITECTURES if name in (known.name, known.kernel_arch)), None)
