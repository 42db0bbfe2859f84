"""One scenario on one architecture: build, boot, crash, look, report."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from generator.lab.architectures import Architecture
from generator.lab.chroots import chroot_root
from generator.lab.images import bootable, first_initramfs
from generator.lab.machine import Boot, Session, run_machine, showing
from generator.lab.packages import Root, linked_root, run, unpack_root
from generator.lab.patched import PATCHED, build_patched, patched_root
from generator.lab.scenarios import Scenario
from generator.lab.targets import open_servers, put_secrets
from generator.lab.verify import Finding, dumps_in, examine, fetch_dumps, log_is_kept

Say = Callable[[str], None]
RAW_MARK = b"magic = kdump-capture-raw/1\nstate = empty\n"
CHROOT_BUILDERS = ("initramfs-tools", "dracut", *PATCHED)
GUEST_MODULES = "virtio_pci\nvirtio_blk\next4\ncrc32c_generic\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the lab works: `cache` keeps packages and roots, `work` one run's files, `tool` is the program."""

    cache: Path
    work: Path
    tool: Path
    say: Say
    accelerator: str = "tcg"
    timeout_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one run, before it is put into a report."""

    scenario: Scenario
    architecture: Architecture
    root: Root
    session: Session
    findings: tuple[Finding, ...]
    nonce: str
    image_bytes: int
    build_s: float
    dump: Path | None

    def at(self, text: str) -> float | None:
        """Return the seconds after the start at which the console showed a text."""
        line = self.session.find(text)
        return line.at_s if line else None


def try_scenario(scenario: Scenario, architecture: Architecture, bench: Bench) -> Outcome:
    """Crash a machine as the scenario says. Raises SourceError when the lab itself cannot do its part."""
    shutil.rmtree(bench.work, ignore_errors=True)
    bench.work.mkdir(parents=True)
    root = _root(scenario, architecture, bench)
    with ExitStack() as stack:
        places = {name: str(value) for name, value in stack.enter_context(open_servers(scenario, bench.work)).items()}
        config = _config(scenario, architecture, bench.work, places)
        started = time.monotonic()
        image = _build(scenario, root, config, bench)
        build_s = time.monotonic() - started
        disk = _disk(scenario, root, bench)
        boot = _boot(scenario, architecture, root, image, config, disk, bench)
        session = run_machine(
            architecture, boot, bench.work / "serial.log", showing(bench.say, ends_at=scenario.resets_after)
        )
    nonce = next((line.text.partition("lab: nonce ")[2] for line in session.lines if "lab: nonce " in line.text), "")
    dumps = _dumps(scenario, disk, bench)
    return Outcome(
        scenario=scenario,
        architecture=architecture,
        root=root,
        session=session,
        findings=tuple(_findings(scenario, architecture, root, dumps, nonce.strip(), bench)),
        nonce=nonce.strip(),
        image_bytes=image.stat().st_size,
        build_s=build_s,
        dump=dumps[0] if dumps else None,
    )


def _root(scenario: Scenario, architecture: Architecture, bench: Bench) -> Root:
    if scenario.builder in CHROOT_BUILDERS:
        root = chroot_root(bench.cache, architecture, bench.say)
        if scenario.builder in PATCHED:
            return patched_root(root, scenario.builder, bench.work)
        return linked_root(root, bench.work) if scenario.is_autoloaded else root
    root = unpack_root(bench.cache, architecture, bench.say, scenario.packages)
    if not scenario.stub:
        return root
    root = linked_root(root, bench.work)
    program = root.folder / "usr/bin/makedumpfile"
    program.unlink()
    program.write_text(scenario.stub, "utf-8")
    program.chmod(0o755)
    return root


def _config(scenario: Scenario, architecture: Architecture, work: Path, places: dict[str, str]) -> Path:
    lines = [f"target = {target.format(**places)}" for target in scenario.targets]
    lines += [f"collector = {scenario.collector or architecture.collector}", f"level = {scenario.level}"]
    lines += [f"compress = {scenario.compress}", f"load_call = {scenario.load_call}"]
    lines += [] if scenario.builder in PATCHED else [f"builder = {scenario.builder}"]
    lines += ["origin = lab", "timeout = 500", "failure_action = poweroff", "cmdline_append = panic=1"]
    if places:
        lines += ["network = static 52:54:00:12:34:56 10.0.2.15/24 10.0.2.2"]
    lines += scenario.settings
    config = work / "kdump-capture.conf"
    config.write_text("\n".join(lines) + "\n", "utf-8")
    config.chmod(0o600)
    return config


def _build(scenario: Scenario, root: Root, config: Path, bench: Bench) -> Path:
    """Let the tool build its image, with keys of the lab when it needs some."""
    image = bench.work / f"capture-{root.kernel}.img"
    if scenario.builder in PATCHED:
        build_patched(root, scenario.builder, config, image)
        bench.say(f"{image}: {image.stat().st_size >> 10} KB, by the patched builder")
        return image
    secrets = put_secrets(scenario, root, bench.work)
    with config.open("a", encoding="utf-8") as file:
        file.writelines(f"{key} = {path}\n" for key, path in secrets.items())
    try:
        words = ["build", "-c", "--root", str(root.folder), "--config", str(config), "-o", str(image), root.kernel]
        bench.say(run(["sh", str(bench.tool), *words]).strip().rpartition("\n")[2])
    finally:
        for path in secrets.values():
            (root.folder / path.lstrip("/")).unlink()
    return image


def _disk(scenario: Scenario, root: Root, bench: Bench) -> Path | None:
    if not scenario.disk:
        return None
    disk = bench.work / "disk.img"
    with disk.open("wb") as file:
        file.write(RAW_MARK if scenario.disk == "raw" else b"")
        file.truncate(scenario.disk_mb << 20)
    if scenario.disk == "ext4":
        content = ["-d", str(_guest(root, bench))] if scenario.is_autoloaded else []
        run(["mke2fs", "-q", "-t", "ext4", *content, "-F", str(disk)])
    elif scenario.disk == "xfs":
        run(["mkfs.xfs", "-q", str(disk)])
    elif scenario.disk == "btrfs":
        run(["mkfs.btrfs", "-q", str(disk)])
    return disk


def _guest(root: Root, bench: Bench) -> Path:
    """Return a root file system for the first kernel: busybox, the tool, and an init that crashes it."""
    tree = bench.work / "guest"
    for folder in ("bin", "sbin", "usr/bin", "proc", "sys", "dev", "run", "tmp", "etc", "root", "crash"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root.folder / "usr/bin/busybox", tree / "bin/busybox")
    (tree / "bin/busybox").chmod(0o755)
    (tree / "bin/sh").symlink_to("busybox")
    shutil.copyfile(bench.tool, tree / "usr/bin/kdump-capture")
    (tree / "sbin/init").write_text(AUTOLOADED_INIT, "utf-8")
    for program in ("usr/bin/kdump-capture", "sbin/init"):
        (tree / program).chmod(0o755)
    return tree


MOUNTS = """#!/bin/sh
/bin/busybox mount -t proc proc /proc 2>/dev/null
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys 2>/dev/null
mount -t devtmpfs dev /dev 2>/dev/null
"""
CRASH = """/usr/bin/kdump-capture status
echo "lab: nonce $(sed -n 's/^nonce = //p' /run/kdump-capture/loaded)"
echo 7 >/proc/sys/kernel/printk
echo 'lab: crashing'
echo c >/proc/sysrq-trigger
"""
AUTOLOADED_INIT = f"""{MOUNTS}exec </dev/console >/dev/console 2>&1
echo 'lab: first kernel up'
{CRASH}"""
FIRST_INIT = """{mounts}mount -t tmpfs run /run
exec </dev/console >/dev/console 2>&1
echo 'lab: first kernel up'
hostname lab
/usr/bin/kdump-capture load {options} --kernel /boot/kernel --image /boot/capture.img {kernel}
status=$?
echo "lab: load ended with $status"
[ $status = 0 ] || reboot -f
{crash}"""


def _boot(
    scenario: Scenario,
    architecture: Architecture,
    root: Root,
    image: Path,
    config: Path,
    disk: Path | None,
    bench: Bench,
) -> Boot:
    initramfs = bench.work / "first.img"
    boot = Boot(
        kernel=bootable(root, bench.cache, architecture.name),
        initramfs=initramfs,
        command_line="",
        disk=disk,
        processors=scenario.processors,
        memory_mb=scenario.memory_mb,
        crashkernel=scenario.crashkernel,
        accelerator=bench.accelerator,
        timeout_s=bench.timeout_s,
    )
    if scenario.is_autoloaded:
        _build_first(root, image, config, initramfs, bench)
        return replace(boot, command_line="root=/dev/vda rw")
    init = FIRST_INIT.format(
        mounts=MOUNTS, options=" ".join(architecture.load_options), kernel=root.kernel, crash=CRASH
    )
    files: dict[str, bytes | Path] = {
        "init": init.encode(),
        "usr/bin/kdump-capture": bench.tool,
        "boot/kernel": root.kernel_file,
        "boot/capture.img": image,
        "etc/kdump-capture.conf": config,
    }
    first_initramfs(root, files, bench.work, initramfs)
    return boot


def _build_first(root: Root, image: Path, config: Path, out: Path, bench: Bench) -> None:
    """Let the tool build the first kernel's initramfs, with a few modules: emulated, hundreds take a minute."""
    folder = root.folder / "etc/initramfs-tools"
    (folder / "conf.d/lab").write_text("MODULES=list\nCOMPRESS=gzip\n", "utf-8")
    (folder / "modules").unlink(missing_ok=True)
    (folder / "modules").write_text(GUEST_MODULES, "utf-8")
    words = ["build", "-i", "--root", str(root.folder), "--config", str(config), "--image", str(image)]
    bench.say(run(["sh", str(bench.tool), *words, "-o", str(out), root.kernel]).strip().rpartition("\n")[2])


def _dumps(scenario: Scenario, disk: Path | None, bench: Bench) -> tuple[Path, ...]:
    out = bench.work / "dumps"
    if disk is None:
        return dumps_in(bench.work / "received" / "drop")
    if scenario.disk != "raw":
        return fetch_dumps(disk, scenario.disk, out)
    return dumps_in(_collected(disk, bench))


def _collected(disk: Path, bench: Bench) -> Path:
    """Let the tool take the dump out of a raw disk, as it would after the reboot; return where it put it."""
    fake = bench.work / "collected"
    for folder in ("etc", "dev"):
        (fake / folder).mkdir(parents=True)
    device = run(["losetup", "--find", "--show", "--read-only", str(disk)]).strip()
    try:
        (fake / device.lstrip("/")).symlink_to(device)
        (fake / "etc/kdump-capture.conf").write_text(f"target = raw {device}\n", "utf-8")
        run(["sh", str(bench.tool), "collect", "--root", str(fake)])
    finally:
        run(["losetup", "--detach", device])
    return fake / "var/lib/kdump-capture/dumps"


def _findings(
    scenario: Scenario, architecture: Architecture, root: Root, dumps: tuple[Path, ...], nonce: str, bench: Bench
) -> Iterator[Finding]:
    if scenario.forbids:
        finished = [dump.name for dump in dumps if not dump.name.endswith(".part")]
        yield Finding("nothing counts", not finished, f"finished dumps: {finished}" if finished else "no finished dump")
        if scenario.keeps_log:
            yield log_is_kept(dumps, nonce)
        return
    yield Finding("one dump", len(dumps) == 1, f"{len(dumps)} dumps")
    if not dumps:
        return
    for finding in examine(dumps[0], architecture, root.kernel, nonce, bench.tool):
        # What a web server makes of a file's mode is its own affair.
        if finding.name not in ("modes", "kdump-capture verify") or not scenario.targets[-1].startswith("http"):
            yield finding
