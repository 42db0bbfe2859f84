"""A capture kernel as stage 2 sees it: a root with its configuration, a vmcore, and a makedumpfile that obeys."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from dump_samples import elf, flattened, kdump

from generator.capture.assemble import assemble_tool

NONCE = "0123456789abcdef"
DMESG = b"[    0.000000] Linux version 6.1.0-50-amd64\n[   17.4] sysrq: Trigger a crash\n"
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"], "bash": ["bash"], "mksh": ["mksh"], "yash": ["yash"]}
EVERY_SHELL = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(words[0]), reason=f"{name} is not installed here"))
    for name, words in SHELLS.items()
]
IMAGE_SHELLS = [shell for shell in EVERY_SHELL if shell.values[0] in ("dash", "busybox", "bash")]
WORDS = f"console=ttyS0 kdump_capture.nonce={NONCE} kdump_capture.load=kexec_load kdump_capture.reserved={256 << 20}"
# The modes are lines of a file, one for each call, the last for all further ones.
MAKEDUMPFILE = """#!/bin/sh
here=${0%/*}
echo "$*" >>"$here/calls"
case $1 in
-v) cat "$here/version"; exit ;;
--dump-dmesg) cp "$here/dmesg" "$3"; exit ;;
esac
mode=$(head -n 1 "$here/modes")
[ "$(wc -l <"$here/modes")" -lt 2 ] || sed -i 1d "$here/modes"
body=$here/flattened
for last; do :; done
case " $* " in *" -F "*) ;; *) body=$here/kdump; exec >"$last" ;; esac
case $mode in
ok) exec cat "$body" ;;
ignored) cat "$body"; exit 1 ;;
broken) printf 'seventeen bytes..'; echo 'makedumpfile Failed.' >&2; exit 1 ;;
killed) head -c 1000 "$body"; kill -9 $$ ;;
slow) head -c 1000 "$body"; exec sleep 300 ;;
lying) exec cat "$body.incomplete" ;;
silent) ;;
esac
"""


def can_mount() -> bool:
    """Return whether this machine lets us mount file systems: root in a container often may not."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder]
        if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


class CaptureKernel:
    """Everything below `folder`. `config` is the text of stage2.conf; nothing here can reboot anything."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.disk = folder / "disk"
        self.stubs = folder / "stubs"
        self.vmcore = folder / "vmcore"
        self.tool = folder / "kdump-capture"
        for path in (self.disk, self.stubs, self.root / "proc", self.root / "etc/kdump-capture"):
            path.mkdir(parents=True)
        self.tool.write_text(assemble_tool(), "utf-8")
        (self.root / "proc/cmdline").write_text(f"{WORDS} kdump_capture.memory=1000\n")
        self.config()
        (self.root / "etc/kdump-capture/manifest").write_text("builder = generic\ndistribution = debian-12\n")
        self.vmcore.write_bytes(elf())
        self.makedumpfile("ok")

    def config(self, text: str = "min_free_mb = 1\ntarget_wait = 1\n") -> None:
        """Write stage2.conf."""
        (self.root / "etc/kdump-capture/stage2.conf").write_text(text)

    def makedumpfile(self, *modes: str, dmesg: bytes | None = DMESG, can: str = "lzo\tenabled\n") -> None:
        """Let makedumpfile do this at its first, second, ... and every later call."""
        for name, core in (("kdump", kdump()), ("kdump.incomplete", kdump(status=9))):
            (self.stubs / name).write_bytes(core)
        (self.stubs / "flattened").write_bytes(flattened(kdump()))
        (self.stubs / "flattened.incomplete").write_bytes(flattened(kdump())[:-16])
        (self.stubs / "modes").write_text("".join(f"{mode}\n" for mode in modes))
        (self.stubs / "version").write_text(f"makedumpfile: version 1.7.2 (released on 20 Oct 2022)\n{can}")
        (self.stubs / "dmesg").unlink(missing_ok=True)
        if dmesg is not None:
            (self.stubs / "dmesg").write_bytes(dmesg)
        self.stub("makedumpfile", MAKEDUMPFILE)

    def stub(self, name: str, text: str) -> None:
        """Put a program before all others."""
        (self.stubs / name).write_text(text)
        (self.stubs / name).chmod(0o755)

    def calls(self) -> list[str]:
        """Return what makedumpfile was called with, without the questions for its version."""
        lines = (self.stubs / "calls").read_text().splitlines()
        return [line for line in lines if line != "-v"]

    def start(self, *arguments: str, shell: str = "dash", **more: str) -> subprocess.Popen[str]:
        """Start the tool. Under busybox, its own applets come before the system's programs."""
        words = [str(shutil.which(SHELLS[shell][0])), *SHELLS[shell][1:]]
        path = f"{self.stubs}:{self._applets()}" if shell == "busybox" else f"{self.stubs}"
        environment = {"PATH": f"{path}:{os.environ['PATH']}", "TMPDIR": str(self.stubs), **more}
        return subprocess.Popen(
            [*words, str(self.tool), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, *arguments: str, shell: str = "dash", timeout: float = 60, **more: str
    ) -> subprocess.CompletedProcess:
        """Run the tool to its end."""
        process = self.start(*arguments, shell=shell, **more)
        try:
            out, problems = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, problems)

    def stage2(
        self, *arguments: str, shell: str = "dash", folder: bool = True, **more: str
    ) -> subprocess.CompletedProcess:
        """Run stage 2, by default with `disk` as its target."""
        return self.run(*self.words(*arguments, folder=folder), shell=shell, **more)

    def words(self, *arguments: str, folder: bool = True) -> list[str]:
        """Return the arguments of stage 2."""
        target = [f"--folder={self.disk}"] if folder else []
        return ["stage2", f"--root={self.root}", f"--vmcore={self.vmcore}", *target, *arguments]

    def shell(self, script: str, shell: str = "dash", *arguments: str) -> subprocess.CompletedProcess:
        """Run a piece of shell among the tool's functions."""
        functions = self.stubs / "functions"
        functions.write_text(assemble_tool().removesuffix('main "$@"\n') + f"\nwork={self.stubs}\n{script}\n")
        tool, self.tool = self.tool, functions
        try:
            return self.run(*arguments, shell=shell)
        finally:
            self.tool = tool

    def dump(self) -> Path:
        """Return the only thing in `disk`."""
        (dump,) = self.disk.iterdir()
        return dump

    def _applets(self) -> Path:
        folder = self.stubs.parent / "applets"
        if not folder.exists():
            folder.mkdir()
            subprocess.run(["busybox", "--install", "-s", folder], check=True)
        return folder


def manifest(dump: Path) -> dict:
    """Return a dump's manifest."""
    return json.loads((dump / "manifest.json").read_text("utf-8"))


def sums(dump: Path) -> dict[str, str]:
    """Return SHA256SUMS by name, after having compared each with its file."""
    pairs = dict(reversed(line.split("  ")) for line in (dump / "SHA256SUMS").read_text().splitlines())
    assert {name: hashlib.sha256((dump / name).read_bytes()).hexdigest() for name in pairs} == pairs
    return pairs
