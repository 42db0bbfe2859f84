"""The child of `sandbox`: it gives up what it does not need, reads a file from its standard input, and answers.

The first line of the answer is `found`, `refused LINE` or `memory`; what was found or the reason follows.
"""

import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields

from generator.errors import ParseError
from generator.model.reports import Imported, Report
from generator.parse.autopkgtest import parse_autopkgtest
from generator.parse.junit import parse_junit
from generator.parse.kcidb import parse_kcidb
from generator.parse.ltp import parse_ltp
from generator.parse.report_form import dump_report
from generator.parse.tap import parse_tap
from generator.parse.tmt import parse_tmt

_Importer = Callable[..., Imported]
OF_BYTES: Mapping[str, _Importer] = {"junit": parse_junit, "tap": parse_tap, "ktap": parse_tap}
OF_TEXT: Mapping[str, _Importer] = {
    "ltp": parse_ltp,
    "tmt": parse_tmt,
    "autopkgtest": parse_autopkgtest,
}


def main(format: str, source: str, origin: str, memory_mb: str, processor_s: str) -> None:
    """Read standard input within limits, and write the answer to standard output."""
    _limit(int(memory_mb) << 20, int(processor_s))
    sys.stdout.buffer.write(_answer(format, source, origin))


def _limit(memory_bytes: int, processor_s: int) -> None:
    """Give up what a reader does not need: more memory, time, files and processes. Root may start processes still."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s + 1))
    for nothing in (resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(nothing, (0, 0))
    # No file beyond the three that are open, and so no socket either.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def _answer(format: str, source: str, origin: str) -> bytes:
    try:
        found = _read(format, sys.stdin.buffer.read(), source, origin)
        said = {field.name: getattr(found, field.name) for field in fields(found)}
        return b"found\n" + dump_report(Report(origin="sandbox", **said))
    except ParseError as problem:
        return f"refused {problem.line}\n{problem.problem}".encode("utf-8", "backslashreplace")
    except MemoryError:
        return b"memory\n"


def _read(format: str, data: bytes, source: str, origin: str) -> Imported:
    if format in OF_BYTES:
        return OF_BYTES[format](data, source=source)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ParseError(source, data.count(b"\n", 0, problem.start) + 1, "is not UTF-8") from problem
    if format == "kcidb":
        return parse_kcidb(text, source=source, origin=origin)
    return OF_TEXT[format](text, source=source)


if __name__ == "__main__":
    main(*sys.argv[1:])
