"""The howto guides, run: every block that is marked so, in a small Debian in QEMU, in its capture kernel, and out here.

A block's commands run in one shell, so that variables stay set; each line that a command prints comes back over the
console behind a mark. The machine that crashed is booted again from the same disk for what a guide does afterwards.
"""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.lab.answers import Trial, answers, judge
from generator.lab.architectures import Architecture
from generator.lab.chroots import chroot_root
from generator.lab.images import add_files, bootable, first_initramfs
from generator.lab.machine import Boot, Session, run_machine, showing
from generator.lab.packages import Root, linked_root, run
from generator.lab.runs import Bench
from generator.lab.verify import fetch_dumps
from generator.model.guides import Block, Guide

NONCE = "1ab0c0de1ab0c0de"
TARGET = "/var/crash"
DISK_MB = 3072


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a guide needs of the machine."""

    is_loaded: bool = True  # whether a capture kernel is loaded when it begins
    has_dump: bool = False  # whether the machine has crashed before
    processors: int = 1
    memory_mb: int = 1024


SETTINGS = {
    "preparation": Setting(is_loaded=False),
    "first-crash": Setting(),
    "security": Setting(has_dump=True),
    "triggers": Setting(processors=2),
    "hotplug": Setting(processors=2),
    "failure-cases": Setting(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideOutcome:
    """What came of one guide."""

    guide: Guide
    architecture: Architecture
    root: Root
    setting: Setting
    trials: tuple[Trial, ...]
    seconds: float


def try_guide(guide: Guide, architecture: Architecture, bench: Bench) -> GuideOutcome:
    """Run all of a guide's blocks. Raises SourceError when the lab itself cannot do its part."""
    shutil.rmtree(bench.work, ignore_errors=True)
    bench.work.mkdir(parents=True)
    setting = SETTINGS[guide.name]
    root = linked_root(chroot_root(bench.cache, architecture, bench.say), bench.work)
    image = _capture_image(guide, root, bench)
    disk = _disk(guide, setting, root, image, architecture, bench)
    said: list[str] = []
    seconds = 0.0
    for number in range(len(boots(guide, setting))):
        session = _boot(setting, architecture, root, disk, number, bench)
        seconds += session.seconds
        said += [line.text for line in session.lines]
    done = answers(said)
    dumps = fetch_dumps(disk, "ext4", bench.work / "dumps", TARGET)
    done |= answers(_on_host(guide, dumps, bench))
    trials = tuple(judge(block, done.get(block.id)) for block in guide.runnable)
    return GuideOutcome(
        guide=guide, architecture=architecture, root=root, setting=setting, trials=trials, seconds=seconds
    )


def _capture_image(guide: Guide, root: Root, bench: Bench) -> Path:
    """Let the tool build its image; blocks for the capture environment run when makedumpfile is first called."""
    config = root.folder / "etc/kdump-capture.conf"
    lines = [f"target = ext4 /dev/vda {TARGET}", "builder = generic", "failure_action = poweroff", "min_free_mb = 4"]
    config.write_text("\n".join([*lines, "timeout = 400", "cmdline_append = panic=1"]) + "\n", "utf-8")
    config.chmod(0o600)
    image = bench.work / "capture.img"
    run(["sh", str(bench.tool), "build", "-c", "--root", str(root.folder), "-o", str(image), root.kernel])
    inside = "".join(_block_script(block) for block in guide.runnable if block.place == "capture")
    if inside:
        program = root.folder / "usr/bin/makedumpfile"
        files = {
            "usr/bin/makedumpfile": CALLED_FIRST.encode(),
            "usr/bin/makedumpfile.real": program.read_bytes(),
            "lab/capture.sh": (SHELL + inside).encode(),
        }
        add_files(image, files, bench.work)
    return image


CALLED_FIRST = """#!/bin/sh
if [ ! -e /lab/done ]; then
	: >/lab/done
	sh /lab/capture.sh >/dev/console 2>&1
fi
exec /usr/bin/makedumpfile.real "$@"
"""
# `lab_run ID LINE COMMAND`: its output behind a mark, and its exit code.
SHELL = """lab_run() {
	eval "$3" >/tmp/lab-out 2>&1 </dev/null
	lab_code=$?
	sed 's/^/lab| /' /tmp/lab-out
	echo "lab: ran $1 $2 $lab_code"
}
"""
INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t debugfs debugfs /sys/kernel/debug
exec </dev/console >/dev/console 2>&1
echo 'lab: first kernel up'
read -r number </lab/boot
echo $((number + 1)) >/lab/boot
sync
dmesg -n 4
export NONCE={nonce} TARGET={target}
DUMP=$(ls -d {target}/*/vmcore 2>/dev/null | tail -n 1)
export DUMP
KERNEL=/boot/vmlinuz-{kernel} INITRD=/boot/capture.img
APPEND='console={console} irqpoll nr_cpus=1 reset_devices panic=10'
[ {load} = 0 ] || kdump-capture load {options} --kernel "$KERNEL" --image "$INITRD" {kernel} >/dev/null
. /lab/shell.sh
. "/lab/boot-$number.sh"
echo 'lab: nothing more to do'
sync
mount -o remount,ro /
echo o >/proc/sysrq-trigger
# No program can be started any more while the disk goes down, and init must not end before the machine.
while :; do :; done
"""


def _block_script(block: Block) -> str:
    return "".join(f"lab_run {block.id} {command.line} {shlex.quote(command.text)}\n" for command in block.commands)


def _disk(guide: Guide, setting: Setting, root: Root, image: Path, architecture: Architecture, bench: Bench) -> Path:
    """Make the disk: the small Debian, the tool, the image, and the guide's blocks for each boot."""
    lab = root.folder / "lab"
    lab.mkdir()
    for number, script in enumerate(boots(guide, setting)):
        (lab / f"boot-{number}.sh").write_text(script, "utf-8")
    (lab / "shell.sh").write_text(SHELL, "utf-8")
    (lab / "boot").write_text("0\n", "utf-8")
    init = INIT.format(
        nonce=NONCE,
        target=TARGET,
        kernel=root.kernel,
        console=architecture.console,
        load=int(setting.is_loaded),
        options=" ".join(architecture.load_options),
    )
    (lab / "init").write_text(init, "utf-8")
    (lab / "init").chmod(0o755)
    shutil.copyfile(bench.tool, root.folder / "usr/bin/kdump-capture")
    (root.folder / "usr/bin/kdump-capture").chmod(0o755)
    shutil.copyfile(image, root.folder / "boot/capture.img")
    (root.folder / TARGET.lstrip("/")).mkdir(mode=0o700)
    disk = bench.work / "disk.img"
    with disk.open("wb") as file:
        file.truncate(DISK_MB << 20)
    run(["mke2fs", "-q", "-t", "ext4", "-d", str(root.folder), "-F", str(disk)])
    return disk


def boots(guide: Guide, setting: Setting) -> tuple[str, ...]:
    """Return a script for each boot: after a block in which the machine goes down a new one begins."""
    found = [["echo c >/proc/sysrq-trigger\n"], []] if setting.has_dump else [[]]
    for block in guide.runnable:
        if block.place == "first":
            found[-1].append(_block_script(block))
            if block.down:
                found.append([])
    return tuple(map("".join, found))


SWITCH_ROOT = """#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
for module in /modules/*; do
	insmod "$module"
done
tries=0
until mount -t ext4 /dev/vda /root 2>/dev/null || [ $tries = 20 ]; do
	tries=$((tries + 1))
	sleep 1
done
umount /proc
exec switch_root /root /lab/init
"""


def _boot(setting: Setting, architecture: Architecture, root: Root, disk: Path, number: int, bench: Bench) -> Session:
    initramfs = bench.work / "first.img"
    if not initramfs.exists():
        first_initramfs(root, {"init": SWITCH_ROOT.encode()}, bench.work, initramfs, modules=MODULES)
    boot = Boot(
        kernel=bootable(root, bench.cache, architecture.name),
        initramfs=initramfs,
        command_line="",
        disk=disk,
        processors=setting.processors,
        memory_mb=setting.memory_mb,
        accelerator=bench.accelerator,
        timeout_s=bench.timeout_s,
    )

    return run_machine(architecture, boot, bench.work / f"serial-{number}.log", showing(bench.say))


MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")


def _on_host(guide: Guide, dumps: Sequence[Path], bench: Bench) -> list[str]:
    """Run the blocks for the machine outside, beside the newest dump; return what they say."""
    script = "".join(_block_script(block) for block in guide.runnable if block.place == "host")
    if not script or not dumps:
        return []
    place = bench.work / "host"
    place.mkdir()
    for name in ("report.json", "dmesg.txt"):
        if (dumps[-1] / name).exists():
            shutil.copy(dumps[-1] / name, place)
    values = f"NONCE={NONCE}\nTARGET={TARGET}\nDUMP={shlex.quote(str(dumps[-1] / 'vmcore'))}\n"
    done = subprocess.run(
        ["sh", "-s"], cwd=place, input=SHELL.replace("/tmp/lab-out", "./lab-out") + values + script,
        capture_output=True, text=True, errors="replace", timeout=bench.timeout_s, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()
