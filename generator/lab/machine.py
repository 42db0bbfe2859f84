"""A machine in QEMU: booted, listened to on its serial console, and ended by its process id, whatever it does."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.lab.architectures import Architecture

PROBE_S = 12.0
LONGEST_LINE = 4096  # bytes
MOST_CONSOLE = 64 << 20  # bytes; no boot says so much


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the serial console, and when it came: seconds after the start."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """What is booted, and for how long at most."""

    kernel: Path
    initramfs: Path
    command_line: str
    disk: Path | None = None
    network: str = "user"
    processors: int = 1
    memory_mb: int = 0  # 0: the architecture's
    crashkernel: str = ""  # "": the architecture's
    accelerator: str = "tcg"
    timeout_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Session:
    """What a machine said, and how it ended: `ended`, `timeout`, `flooded` (it said too much), `stopped` (by us)."""

    lines: tuple[Line, ...]
    end: str
    seconds: float

    def find(self, text: str) -> Line | None:
        """Return the first line that holds a text."""
        return next((line for line in self.lines if text in line.text), None)


Watch = Callable[[Line], bool]
"""Called with each line; True ends the machine there and then, as a power cut."""


OURS = ("kdump-capture: ", "lab: ")  # how the lines begin that the tool and the lab print


def showing(say: Callable[[str], None], *, also: str = "", ends_at: str = "") -> Watch:
    """Return a watcher that says our lines and those with `also`, and ends the machine at `ends_at`, if any."""

    def watch(line: Line) -> bool:
        if line.text.startswith(OURS) or (also and also in line.text):
            say(f"  {line.at_s:6.1f} s  {line.text[:160]}")
        return bool(ends_at) and ends_at in line.text

    return watch


def command(architecture: Architecture, boot: Boot) -> list[str]:
    """Return QEMU's command line."""
    accelerator = boot.accelerator
    if accelerator == "tcg" and boot.processors > 1:
        accelerator = "tcg,thread=multi"
    words = [architecture.emulator, *architecture.machine, "-accel", accelerator]
    words += ["-m", str(boot.memory_mb or architecture.memory_mb), "-smp", str(boot.processors)]
    words += ["-nographic", "-monitor", "none", "-serial", "stdio", "-nodefaults", "-no-reboot"]
    words += ["-kernel", str(boot.kernel), "-initrd", str(boot.initramfs)]
    if boot.disk:
        words += ["-drive", f"file={boot.disk},if=none,format=raw,id=d0,cache=unsafe"]
        words += ["-device", "virtio-blk-pci,drive=d0"]
    words += ["-netdev", f"{boot.network},id=n0", "-device", "virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:12:34:56"]
    reserved = boot.crashkernel or architecture.crashkernel
    line = f"console={architecture.console} crashkernel={reserved} panic=-1 {boot.command_line}".strip()
    return [*words, "-append", line]


def run_machine(architecture: Architecture, boot: Boot, log: Path, watch: Watch = lambda line: False) -> Session:
    """Boot and listen until it ends, the watcher stops it, or time is up. The console is kept in `log`."""
    started = time.monotonic()
    process = subprocess.Popen(
        command(architecture, boot), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    console = _Console(process, started, log)
    try:
        end = console.listen(boot.timeout_s, watch)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        console.close()
    return Session(tuple(console.lines), end, time.monotonic() - started)


class _Console:
    """Reads a process' output line by line, with a time for each."""

    def __init__(self, process: "subprocess.Popen[bytes]", started: float, log: Path) -> None:
        self.process = process
        self.started = started
        self.lines: list[Line] = []
        self._heard = 0
        self._rest = b""
        self._log = log.open("w", encoding="utf-8")
        self._selector = selectors.DefaultSelector()
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ)

    def listen(self, timeout_s: float, watch: Watch) -> str:
        while time.monotonic() - self.started < timeout_s:
            if self._selector.select(0.5):
                data = self.process.stdout.read()
                if data == b"":
                    return "ended"
                self._heard += len(data or b"")
                if self._heard > MOST_CONSOLE:
                    return "flooded"
                seen = [watch(line) for line in self._take(data or b"")]
                if any(seen):
                    return "stopped"
        return "timeout"

    def _take(self, data: bytes) -> list[Line]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        at_s = time.monotonic() - self.started
        lines = [Line(at_s, raw.decode("utf-8", "replace").rstrip("\r")) for raw in whole]
        for line in lines:
            self._log.write(f"{line.at_s:8.2f} {line.text}\n")
        self._log.flush()
        self.lines += lines
        return lines

    def close(self) -> None:
        self._take(b"\n")
        self._log.close()
        self._selector.close()
        self.process.stdout.close()


def usable_accelerator(architecture: Architecture, kernel: Path, work: Path) -> str:
    """Return `kvm` when it really runs this kernel, else `tcg`. /dev/kvm can be opened where nothing ever boots."""
    if architecture.name != "amd64" or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    boot = Boot(kernel=kernel, initramfs=Path(os.devnull), command_line="", accelerator="kvm", timeout_s=PROBE_S)
    session = run_machine(architecture, boot, work / "kvm-probe.log", lambda line: "Linux version" in line.text)
    return "kvm" if session.find("Linux version") else "tcg"


def missing_programs(architectures: Sequence[Architecture], found: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the programs that are not there, of those that the lab needs."""
    needed = [*(architecture.emulator for architecture in architectures), *HOST_PROGRAMS]
    return tuple(name for name in dict.fromkeys(needed) if not found(name))


HOST_PROGRAMS = ("apt-get", "dpkg-deb", "depmod", "cpio", "readelf", "mke2fs", "debugfs", "xz", "zstd")
