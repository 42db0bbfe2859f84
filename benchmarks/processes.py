"""Whole processes, measured from outside: wall time, processor time, and the memory of the largest of them."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run of a command. `cpu_s` is user and system time of the process and all that it waited for."""

    wall_s: float
    cpu_s: float
    peak_mb: float  # resident, of the largest single process
    output: str


def measure(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> Sample:
    """Run a command to its end. Raises CalledProcessError with what it said when it fails."""
    log = folder / ".benchmark.err"
    with log.open("w+") as errors:
        start = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        )
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - start
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
    said = log.read_text("utf-8", "replace")
    log.unlink()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(map(str, command)), output, said)
    return Sample(
        wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss * 1024 / 1e6, output=output
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median of some runs, and the least and the most."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.median:.2f}"
        return f"{self.median:.2f} ({self.least:.2f}..{self.most:.2f})"


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value, to two digits."""
    low, middle, high = (round(value, 2) for value in (min(values), median(values), max(values)))
    return Spread(median=middle, least=low, most=high)
