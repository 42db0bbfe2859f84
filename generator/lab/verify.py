"""What a run left, looked at from outside: the disk is read without mounting it, the dump without the guest's help."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.errors import SourceError
from generator.lab.architectures import Architecture
from generator.lab.packages import run

READER = Path(__file__).with_name("dump_reader.py")
SYSTEM_PYTHON = "/usr/bin/python3"
PANIC = "sysrq: Trigger a crash"
NAME_RE = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{8}(\.part)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    is_good: bool
    found: str


def fetch_dumps(disk: Path, kind: str, out: Path, place: str = "/crash") -> tuple[Path, ...]:
    """Copy what lies in `place` of a disk image into `out`; return the dumps' folders. Journals are replayed first."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if kind == "ext4":
        subprocess.run(["e2fsck", "-fp", str(disk)], capture_output=True, check=False)
        for name in NAME_RE.finditer(run(["debugfs", "-R", f"ls -p {place}", str(disk)])):
            run(["debugfs", "-R", f"rdump {place}/{name[0]} {out}", str(disk)])
    elif kind == "xfs":
        _from_mount(disk, out, place)
    elif kind == "btrfs":
        run(["btrfs", "restore", "--metadata", "--path-regex", f"^/(|{place.lstrip('/')}(|/.*))$", str(disk), str(out)])
        for path in list((out / place.lstrip("/")).iterdir()):
            path.rename(out / path.name)
    return dumps_in(out)


def dumps_in(folder: Path) -> tuple[Path, ...]:
    """Return the folders of dumps, finished or not."""
    return tuple(sorted(path for path in folder.glob("*") if NAME_RE.fullmatch(path.name) and path.is_dir()))


def _from_mount(disk: Path, out: Path, place: str) -> None:
    """xfs has no reader without mounting: a loop mount of the image, for as long as it takes to copy."""
    mount = out.with_name("mount")
    mount.mkdir(exist_ok=True)
    run(["mount", "-o", "loop", str(disk), str(mount)])
    try:
        if (mount / place.lstrip("/")).is_dir():
            shutil.copytree(mount / place.lstrip("/"), out, dirs_exist_ok=True)
    finally:
        run(["umount", str(mount)])


def examine(dump: Path, architecture: Architecture, kernel: str, nonce: str, tool: Path) -> tuple[Finding, ...]:
    """Return everything that a complete dump must be. `nonce` is this run's, as the first kernel said it."""
    findings = [
        Finding("finished", not dump.name.endswith(".part"), dump.name),
        _verified(dump, tool),
        _log("log file", (dump / "dmesg.txt"), nonce),
        _modes(dump),
    ]
    core = next((path for name in CORES if (path := dump / name).exists()), None)
    if core is None:
        return (*findings, Finding("core", False, "there is none"))
    return (*findings, *examine_core(core, architecture, kernel, nonce))


FLATTENED = b"makedumpfile\0"
CORES = ("vmcore", "vmcore.flat", "vmcore.elf")


def _verified(dump: Path, tool: Path) -> Finding:
    done = subprocess.run(["sh", str(tool), "verify", str(dump)], capture_output=True, check=False, timeout=300)
    return Finding("kdump-capture verify", done.returncode == 0, done.stdout.decode("utf-8", "replace").strip()[-300:])


def _log(name: str, file: Path, nonce: str) -> Finding:
    text = file.read_text("utf-8", "replace") if file.exists() else ""
    missing = [word for word in (PANIC, nonce) if not word or word not in text]
    return Finding(name, not missing, "has the panic and this run's nonce" if not missing else f"lacks {missing}")


def log_is_kept(dumps: tuple[Path, ...], nonce: str) -> Finding:
    """Return whether the kernel's log was saved, in a finished dump or not."""
    return next((found for dump in dumps if (found := _log("log kept", dump / "dmesg.txt", nonce)).is_good),
                Finding("log kept", False, "no dump holds this run's log"))  # fmt: skip


def _modes(dump: Path) -> Finding:
    wrong = [path.name for path in (dump, *dump.iterdir()) if path.stat().st_mode & 0o077]
    return Finding("modes", not wrong, "nobody but the owner may read" if not wrong else f"open to others: {wrong}")


def _unflattened(core: Path) -> Path:
    whole = core.with_name("vmcore.whole")
    with core.open("rb", buffering=0) as stream:  # the other program reads from where we are
        if stream.read(len(FLATTENED)) != FLATTENED:
            return core
        stream.seek(0)
        subprocess.run(["makedumpfile", "-R", str(whole)], stdin=stream, capture_output=True, check=False, timeout=600)
    return whole


def examine_core(core: Path, architecture: Architecture, kernel: str, nonce: str) -> Iterator[Finding]:
    """Ask libkdumpfile, which reads dumps of every architecture, and no code of ours."""
    try:
        said = json.loads(run([SYSTEM_PYTHON, str(READER), str(_unflattened(core))], timeout_s=300))
    except (SourceError, ValueError) as problem:
        yield Finding("libkdumpfile", False, str(problem)[-300:])
        return
    yield Finding("architecture", said["arch"] in ARCHES[architecture.name], said["arch"])
    yield Finding("release", said["release"] == kernel, said["release"])
    if "log" in said:
        missing = [word for word in (PANIC, nonce) if word not in said["log"]]
        yield Finding("memory", not missing, "the ring buffer in the dump holds the panic and the nonce" if not missing
                      else f"the ring buffer in the dump lacks {missing}")  # fmt: skip
    else:
        # libkdumpfile 0.5.1 cannot translate addresses in compressed dumps of i386; attributes it can read.
        yield Finding("memory", architecture.name == "i386", f"not read by libkdumpfile: {said['problem']}")


ARCHES = {"amd64": ("x86_64",), "i386": ("ia32",), "ppc64el": ("ppc64",), "arm64": ("aarch64",)}
