"""What the lab tries: a literal table. A scenario either must give a complete dump, or must fail in exactly one way."""

from dataclasses import dataclass

COMPLETE = "kdump-capture: complete"  # the console's word for a dump that counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One crash. `expects` is a text the console must show; `forbids` one that it must not.

    `targets` are lines of the tool's configuration; {http} and {ssh} stand for the lab's servers' ports.
    """

    name: str
    path: str  # of the report's scenario
    about: str
    targets: tuple[str, ...] = ("ext4 /dev/vda /crash",)
    disk: str = "ext4"  # file system of the disk; raw: our mark only; "" no disk
    disk_mb: int = 2048
    builder: str = "generic"
    load_call: str = "load"  # of the tool's configuration
    level: int = 31
    compress: str = "auto"
    collector: str = ""  # "": the architecture's
    processors: int = 1
    memory_mb: int = 0  # 0: the architecture's; less where all of it is copied
    crashkernel: str = ""
    stub: str = ""  # what stands in makedumpfile's place
    settings: tuple[str, ...] = ()  # further lines of the configuration
    architectures: tuple[str, ...] = ("amd64",)
    packages: tuple[str, ...] = ()
    expects: str = COMPLETE
    forbids: str = ""
    resets_after: str = ""  # the machine loses power when the console shows this
    keeps_log: bool = True  # whether the kernel's log must be there, whatever else failed
    trigger: str = "sysrq-c"
    is_autoloaded: bool = False  # by the first initramfs, not by a command
    is_betrayed: bool = False  # the server has another key, or certificate, than the image knows


EVERYWHERE = ("amd64", "i386", "ppc64el", "arm64")
THREE = ("amd64", "i386", "ppc64el")  # where makedumpfile reads the kernel
# Stands in makedumpfile's place. The kernel's log comes from vmcore-dmesg then, and the core from the plain copy.
FAILS = '#!/bin/sh\n[ "$1" != --dump-dmesg ] || exit 1\nfor out; do :; done\nhead -c 17000 /dev/zero >"$out"\nexit 1\n'
KILLED = (
    '#!/bin/sh\n[ "$1" != --dump-dmesg ] || exit 1\nfor out; do :; done\nhead -c 17000 /dev/zero >"$out"\nkill -9 $$\n'
)
PANICS = (
    '#!/bin/sh\n[ "$1" != --dump-dmesg ] || exit 1\n[ "$1" != -v ] || exit 0\necho c >/proc/sysrq-trigger\nsleep 60\n'
)

SCENARIOS = (
    Scenario(name="ext4", path="kdump.ext4", about="kexec_load, dump to ext4", architectures=EVERYWHERE),
    Scenario(
        name="file-load", path="kdump.ext4", about="kexec_file_load, dump to ext4", load_call="file",
    ),
    Scenario(name="smp", path="kdump.ext4", about="a machine with two processors", processors=2),
    Scenario(
        name="xfs", path="kdump.xfs", about="dump to xfs", targets=("xfs /dev/vda /crash",), disk="xfs",
    ),
    Scenario(
        name="btrfs", path="kdump.btrfs", about="dump to btrfs", targets=("btrfs /dev/vda /crash",), disk="btrfs",
    ),
    Scenario(
        name="raw", path="kdump.raw", about="dump to a raw disk, taken out again by collect", targets=("raw /dev/vda",),
        disk="raw",
    ),
    Scenario(
        name="http", path="kdump.http", about="HTTP PUT, each file", targets=("http://10.0.2.2:{http}/drop",),
        disk="", architectures=THREE,
    ),
    Scenario(
        name="https", path="kdump.https", about="HTTPS PUT by curl, with a pinned authority",
        targets=("https://10.0.2.2:{https}/drop",), disk="", packages=("curl",),
    ),
    Scenario(
        name="ssh", path="kdump.ssh", about="ssh with a pinned host key, by dropbear's client",
        targets=("ssh root@10.0.2.2:{ssh} {ssh_folder}",), disk="", packages=("dropbear-bin",),
    ),
    Scenario(
        name="nfs", path="kdump.nfs", about="NFS 4, to a server in user space", targets=("nfs 10.0.2.2:/export /drop",),
        disk="",
    ),
    Scenario(name="level-1", path="kdump.ext4", about="only pages of zeros left out", level=1, compress="zlib"),
    Scenario(name="zlib", path="kdump.ext4", about="compressed with zlib", compress="zlib", architectures=THREE),
    Scenario(name="snappy", path="kdump.ext4", about="compressed with snappy", compress="snappy"),
    Scenario(name="copy", path="kdump.ext4", about="the whole of memory, as it is", collector="cp",
        memory_mb=512),
    Scenario(
        name="initramfs-tools", path="kdump.ext4", about="an image by initramfs-tools", builder="initramfs-tools",
    ),
    Scenario(name="dracut", path="kdump.ext4", about="an image by dracut", builder="dracut"),
    Scenario(
        name="patched-initramfs-tools", path="kdump.ext4", about="initramfs-tools with the patches of this site",
        builder="patched-initramfs-tools", settings=("extra_modules = virtio_pci virtio_blk",),
    ),
    Scenario(
        name="patched-dracut", path="kdump.ext4", about="dracut with the patches of this site",
        builder="patched-dracut", settings=("extra_modules = virtio_pci virtio_blk",),
    ),
    Scenario(
        name="second-target", path="kdump.ext4", about="the first target is absent, the second takes the dump",
        targets=("ext4 /dev/vdb /crash", "ext4 /dev/vda /crash"), settings=("target_wait = 3",),
    ),
    Scenario(
        name="makedumpfile-fails", path="kdump.fails.makedumpfile-fails",
        about="makedumpfile writes something and ends with 1: the plain copy takes over", stub=FAILS,
        memory_mb=512, expects="rung 3: copy -> status 0",
    ),
    Scenario(
        name="makedumpfile-killed", path="kdump.fails.makedumpfile-killed",
        about="makedumpfile is killed in the middle: the plain copy takes over", stub=KILLED,
        memory_mb=512, expects="rung 3: copy -> status 0",
    ),
    Scenario(
        name="target-full", path="kdump.fails.target-full", about="the target has no room: nothing is called complete",
        disk_mb=16, settings=("min_free_mb = 4",), expects="(exit 6)", forbids=COMPLETE, architectures=THREE,
    ),
    Scenario(
        name="target-absent", path="kdump.fails.target-absent", about="the target does not exist",
        targets=("ext4 /dev/vdb /crash",), settings=("target_wait = 3",), expects="(exit 5)", forbids=COMPLETE,
        keeps_log=False,
    ),
    Scenario(
        name="wrong-host-key", path="kdump.fails.wrong-host-key", about="the server has not the pinned key",
        targets=("ssh root@10.0.2.2:{ssh} {ssh_folder}",), disk="", packages=("dropbear-bin",),
        settings=("target_wait = 3",), expects="(exit 5)", forbids=COMPLETE, keeps_log=False, is_betrayed=True,
    ),
    Scenario(
        name="wrong-certificate", path="kdump.fails.wrong-certificate", about="nobody vouches for the server",
        targets=("https://10.0.2.2:{https}/drop",), disk="", packages=("curl",), settings=("target_wait = 3",),
        expects="(exit 5)", forbids=COMPLETE, keeps_log=False, is_betrayed=True,
    ),
    Scenario(
        name="reservation-too-small", path="kdump.fails.reservation-too-small",
        about="the capture kernel does not fit: loading is refused, with the reason", crashkernel="24M",
        expects="lab: load ended with 6", forbids="stage2 start", keeps_log=False,
    ),
    Scenario(
        name="panic-inside", path="kdump.fails.panic-inside",
        about="the capture kernel crashes as well: the machine comes back",
        stub=PANICS, expects="dmesg saved", forbids=COMPLETE,
    ),
    Scenario(
        name="reset", path="kdump.fails.reset", about="the power goes while the core is written",
        stub="#!/bin/sh\n[ \"$1\" != --dump-dmesg ] || exit 1\n[ \"$1\" != -v ] || exit 0\nfor out; do :; done\n"
        'head -c 4000000 /dev/zero >"$out"\necho "lab: half way" >/dev/console\nsleep 60\n',
        expects="lab: half way", forbids=COMPLETE, resets_after="lab: half way",
    ),
    Scenario(
        name="autoload", path="kdump.autoload", about="loaded by the first initramfs, before root is mounted",
        builder="initramfs-tools", is_autoloaded=True,
    ),
)  # fmt: skip

BUILDERS = tuple(dict.fromkeys(scenario.builder for scenario in SCENARIOS))
