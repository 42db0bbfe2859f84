"""Debian's own kdump-tools on the same kernel and disk, for comparison: built, loaded and called as its package does.

The first kernel runs the lab's init, to save minutes of an emulated systemd; the capture kernel boots what kdump-tools
loaded, its initrd and the whole of the root file system with systemd, as on every machine that uses it.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from generator.errors import SourceError
from generator.lab.architectures import Architecture
from generator.lab.chroots import chroot_root
from generator.lab.guides import DISK_MB, MODULES, SWITCH_ROOT
from generator.lab.images import bootable, first_initramfs
from generator.lab.machine import Boot, Session, run_machine, showing
from generator.lab.packages import Root, linked_root, run
from generator.lab.runs import GUEST_MODULES, Bench
from generator.lab.verify import Finding, examine_core

PACKAGES = ("systemd-sysv", "kdump-tools", "file", "lsb-base")
SAVED = "saved vmcore"
MEMORY_MB = 1536
PATIENCE_S = 300.0  # emulated, a good one takes half a minute
# What a small machine has no use for, and what waits for what a virtual one has not.
MASKED = ("systemd-resolved", "systemd-timesyncd", "systemd-hwdb-update", "systemd-journal-flush", "systemd-logind",
          "getty@tty1", "kexec", "kexec-load", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer",
          "fstrim.timer", "dpkg-db-backup.timer", "logrotate.timer", "systemd-tmpfiles-clean.timer")  # fmt: skip
INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
exec </dev/console >/dev/console 2>&1
echo 'lab: first kernel up'
kdump-config load
echo "lab: load ended with $?"
echo 'kdump-test {nonce}' >/dev/kmsg
sync
echo 7 >/proc/sys/kernel/printk
echo 'lab: crashing'
echo c >/proc/sysrq-trigger
"""
NONCE = "5eed0c0de5eed0c0"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOutcome:
    """What came of it; `saved_s` is from the panic to the finished dump, None when there was none."""

    root: Root
    architecture: Architecture
    session: Session
    image_bytes: int
    dump_bytes: int
    saved_s: float | None
    findings: tuple[Finding, ...]


def try_kdump_tools(architecture: Architecture, bench: Bench, crashkernel: str = "") -> PeerOutcome:
    """Crash a machine that kdump-tools looks after. Raises SourceError when the lab itself cannot do its part."""
    shutil.rmtree(bench.work, ignore_errors=True)
    bench.work.mkdir(parents=True)
    root = linked_root(chroot_root(bench.cache, architecture, bench.say, PACKAGES), bench.work)
    image = _prepare(root)
    disk = bench.work / "disk.img"
    with disk.open("wb") as file:
        file.truncate(DISK_MB << 20)
    run(["mke2fs", "-q", "-t", "ext4", "-d", str(root.folder), "-F", str(disk)])
    initramfs = bench.work / "first.img"
    first_initramfs(root, {"init": SWITCH_ROOT.encode()}, bench.work, initramfs, modules=MODULES)
    boot = Boot(
        kernel=bootable(root, bench.cache, architecture.name),
        initramfs=initramfs,
        command_line="root=/dev/vda rw",
        disk=disk,
        memory_mb=MEMORY_MB,
        crashkernel=crashkernel,
        accelerator=bench.accelerator,
        timeout_s=PATIENCE_S,
    )

    session = run_machine(architecture, boot, bench.work / "serial.log", showing(bench.say, also="kdump-tools"))
    crashed, saved = session.find("lab: crashing"), session.find(SAVED)
    core = _core(disk, bench.work / "dumps")
    return PeerOutcome(
        root=root,
        architecture=architecture,
        session=session,
        image_bytes=image.stat().st_size,
        dump_bytes=core.stat().st_size if core else 0,
        saved_s=round(saved.at_s - crashed.at_s, 1) if saved and crashed else None,
        findings=tuple(examine_core(core, architecture, root.kernel, NONCE)) if core else (),
    )


def _prepare(root: Root) -> Path:
    """Let its own script build its initrd, and put down what it would otherwise spend minutes to find out."""
    folder = root.folder
    configuration = folder / "etc/initramfs-tools"
    (configuration / "modules").unlink(missing_ok=True)
    (configuration / "modules").write_text(GUEST_MODULES, "utf-8")
    (configuration / "conf.d/lab").write_text("MODULES=list\n", "utf-8")
    run(["chroot", str(folder), "/etc/kernel/postinst.d/kdump-tools", root.kernel])
    state = folder / "var/lib/kdump"
    image = state / f"initrd.img-{root.kernel}"
    if not image.exists():
        raise SourceError("kdump-tools built no initrd")
    for name, target in (("vmlinuz", f"/boot/vmlinuz-{root.kernel}"), ("initrd.img", f"/var/lib/kdump/{image.name}")):
        (state / name).unlink(missing_ok=True)
        (state / name).symlink_to(target)
    shutil.copy(folder / "etc/kdump/sysctl.conf", state / f"latest_sysctls-{root.kernel}")
    (folder / "etc/machine-id").unlink(missing_ok=True)
    (folder / "etc/machine-id").write_text("1ab0c0de" * 4 + "\n", "utf-8")
    for stamp in ("etc/.updated", "var/.updated"):
        (folder / stamp).touch()
    units = folder / "etc/systemd/system"
    for unit in MASKED:
        (units / (unit if "." in unit else f"{unit}.service")).symlink_to("/dev/null")
    (folder / "lab").mkdir()
    (folder / "lab/init").write_text(INIT.format(nonce=NONCE), "utf-8")
    (folder / "lab/init").chmod(0o755)
    (folder / "etc/fstab").unlink(missing_ok=True)
    (folder / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 0\n", "utf-8")
    (folder / "var/crash").mkdir(exist_ok=True)
    return image


def _core(disk: Path, out: Path) -> Path | None:
    """Return the dump as it lies on the disk, or None: kdump-tools names folders and files by the date."""
    out.mkdir()
    subprocess.run(["e2fsck", "-fp", str(disk)], capture_output=True, check=False)  # 1: it mended something
    run(["debugfs", "-R", f"rdump /var/crash {out}", str(disk)])
    return next((path for path in sorted(out.rglob("dump.*")) if path.stat().st_size), None)
