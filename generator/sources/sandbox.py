"""Read files from strangers in a child process that may use little memory and time, and can start and write nothing.

What the child finds comes back as a `kdump-report/1`, so nothing is believed that the schema does not allow. Our own
format is not read here: strict JSON, limited in bytes and depth and checked before anything is made of it, needs no
child, and comes by the thousands.
"""

import signal
import subprocess
import sys
from dataclasses import dataclass, fields

from generator.errors import ParseError, SourceError
from generator.model.reports import Imported
from generator.parse.report import parse_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a child may use."""

    memory_mb: int = 256  # of address space
    processor_s: int = 5
    deadline_s: float = 15.0  # by the clock, where the machine is busy


STANDARD = Limits()


def read_in_sandbox(format: str, data: bytes, *, source: str, origin: str = "", limits: Limits = STANDARD) -> Imported:
    """Return what the importer of `format` finds in `data`, which `origin` hands in.

    `source` is the file's name in messages.

    Raises ParseError where the file is not what its format says, and SourceError where reading it used too much.
    """
    child = _run(format, data, (source, origin), limits)
    kind, _, answer = child.stdout.decode().partition("\n")
    if kind == "memory":
        raise SourceError(f"{source}: refused: used more than {limits.memory_mb} MB of memory to read")
    if kind.startswith("refused "):
        raise ParseError(source, int(kind.removeprefix("refused ")), answer)
    if kind != "found" or child.returncode:
        raise SourceError(f"{source}: refused: {_death(child, format, limits)}")
    return _imported(answer, format, source)


def _run(format: str, data: bytes, names: tuple[str, str], limits: Limits) -> "subprocess.CompletedProcess[bytes]":
    # -I: neither the working folder nor the environment can put modules in the way. No variable of ours goes along,
    # least of all one that holds a token.
    program = (sys.executable, "-I", "-m", "generator.sources.sandboxed")
    command = (*program, format, *names, str(limits.memory_mb), str(limits.processor_s))
    source, _ = names
    try:
        return subprocess.run(
            command, input=data, capture_output=True, check=False, timeout=limits.deadline_s, env={"LC_ALL": "C.UTF-8"}
        )
    except subprocess.TimeoutExpired as problem:
        raise SourceError(f"{source}: refused: took longer than {limits.deadline_s:g} s to read") from problem
    except (OSError, ValueError) as problem:
        raise SourceError(f"{source}: cannot be read in a process of its own: {problem}") from problem


def _death(child: "subprocess.CompletedProcess[bytes]", format: str, limits: Limits) -> str:
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"used more than {limits.processor_s} s of processor time to read"
    last = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    shown = "".join(character if character.isprintable() else "?" for character in last[:300])
    said = shown or f"it ended with {child.returncode}"
    return f"the reader of {format} broke on it: {said}; please report this, with the file"


def _imported(answer: str, format: str, source: str) -> Imported:
    try:
        report = parse_report(answer, source=source)
    except ParseError as problem:
        raise SourceError(
            f"{source}: refused: the schema does not allow what {format} says: {problem.problem}"
        ) from problem
    return Imported(**{field.name: getattr(report, field.name) for field in fields(Imported)})
