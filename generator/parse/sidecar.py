"""What a foreign report cannot say, written by who submits it: the kernel, the architecture, the target, ...

A sidecar is a small file, `key = value` lines or YAML of text only (6.10 stays 6.10), or the same as options:

    kernel = 6.12.5
    arch = x86_64
    target = nfs
    set.failure_action = reboot
    subject.makedumpfile = 1.7.6
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Report, Run, Scenario, Subject
from generator.parse.naming import architecture, scenario_path
from generator.parse.redact import command_line
from generator.parse.repair import one_line
from generator.parse.text_yaml import Node, parse_text_yaml

LONGEST = 1 << 16  # characters
# The dimensions that need no `set.` before them.
DIMENSIONS = ("load", "trigger", "target", "collector", "level", "compression")
SUBJECTS = {"kernel": "first kernel", "capture_kernel": "capture kernel"}
TEXTS = ("kernel_line", "distribution", "machine", "firmware", "secure_boot", "tool", "tool_version")
COUNTS = ("memory_mb", "processors", "planned")
KEYS = (
    "origin", *SUBJECTS, "kernel_commit", "arch", *TEXTS, *COUNTS, "command_line", "started", "path", *DIMENSIONS,
    "set.NAME", "subject.NAME",
)  # fmt: skip
GROUPS = {"set": "set", "dimensions": "set", "subject": "subject", "subjects": "subject"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What was said; "" and None where nothing was."""

    origin: str = ""
    path: str = ""  # of the scenario: for a report of a single one its path, else what stands before each
    dimensions: tuple[tuple[str, str], ...] = ()
    subjects: tuple[Subject, ...] = ()
    kernel_line: str = ""
    arch: str = ""
    distribution: str = ""
    machine: str = ""
    firmware: str = ""
    secure_boot: str = ""
    memory_mb: int | None = None
    processors: int | None = None
    command_line: tuple[tuple[str, str], ...] = ()
    tool: str = ""
    tool_version: str = ""
    started: str = ""
    planned: int | None = None  # steps of each scenario


def parse_sidecar(text: str, *, source: str) -> Sidecar:
    """Read a file. Raises ParseError for the first thing that is not as it should be; an unknown key names the known.

    It is `key = value` lines where its first line that says something has a `=` before any `:`, else YAML.
    """
    if len(text) > LONGEST:
        raise ParseError(source, 1, f"is longer than the {LONGEST} characters that are read")
    said = tuple(_lines(text, source) if _is_lines(text) else _yaml(text, source))
    return _sidecar(said, source)


def sidecar_of(options: Iterable[tuple[str, str]], *, source: str = "option") -> Sidecar:
    """Return what options say: (`kernel`, `6.12.5`), (`set.target`, `nfs`). Raises ParseError as the file would."""
    return _sidecar(tuple((1, key.replace("-", "_") if "." not in key else key, text) for key, text in options), source)


def merged(below: Sidecar, above: Sidecar) -> Sidecar:
    """Return both; where they say the same thing, `above` prevails. Options stand above a file."""
    said = {field.name: getattr(above, field.name) or getattr(below, field.name) for field in fields(Sidecar)}
    subjects = {subject.role: subject for subject in (*below.subjects, *above.subjects)}
    dimensions = dict(below.dimensions) | dict(above.dimensions)
    return Sidecar(**{**said, "subjects": tuple(subjects.values()), "dimensions": tuple(sorted(dimensions.items()))})


_Said = tuple[int, str, str]  # line, key, value


LINE_RE = re.compile(r"([A-Za-z][\w.-]*)[ \t]*=[ \t]*(.*)")


def _is_lines(text: str) -> bool:
    first = next((line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")), "")
    return "=" in first.partition(":")[0]


def _lines(text: str, source: str) -> Iterator[_Said]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not (match := LINE_RE.fullmatch(line.strip())):
            raise ParseError(source, number, "is no `key = value` line")
        value = match[2].strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        yield number, match[1], value[1:-1] if quoted else value


def _yaml(text: str, source: str) -> Iterator[_Said]:
    root = parse_text_yaml(text, source=source)
    if not isinstance(root.value, dict):
        raise ParseError(source, root.line, f"must be `key = value` lines or a mapping with some of: {', '.join(KEYS)}")
    for key, node in root.value.items():
        if isinstance(node.value, dict) and key in GROUPS:
            for name, inner in node.value.items():
                yield inner.line, f"{GROUPS[key]}.{name}", _text(inner, source)
        else:
            yield node.line, key, _text(node, source)


def _text(node: Node, source: str) -> str:
    if not isinstance(node.value, str):
        raise ParseError(source, node.line, "must be text")
    return node.value


def _sidecar(said: tuple[_Said, ...], source: str) -> Sidecar:
    reader = _Reader(source)
    values: dict[str, tuple[int, str]] = {}
    for line, key, text in said:
        key = "arch" if key == "architecture" else key
        key = f"set.{key}" if key in DIMENSIONS else key
        if key in values:
            raise reader.error(line, f"`{key}` is said twice, first in line {values[key][0]}")
        reader.check(line, key, text)
        values[key] = line, one_line(text)
    return reader.sidecar({key: value for key, value in values.items() if value[1]})


NAME_RE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
ROLE_RE = re.compile(r"[A-Za-z][A-Za-z0-9 ._+-]{0,63}")
SLUG_RE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
PATH_RE = re.compile(r"(?=.{1,200}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
COMMIT_RE = re.compile(r"[0-9a-f]{7,64}")
COUNT_RE = re.compile(r"[0-9]{1,9}")
TIME_RE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
SHAPES = {
    "origin": (SLUG_RE, "lower-case letters, digits, `.`, `_` and `-`"),
    "kernel_line": (SLUG_RE, "a word such as mainline, stable-6.12 or debian-12"),
    "kernel_commit": (COMMIT_RE, "7 to 64 hexadecimal digits in lower case"),
    "path": (PATH_RE, "words with dots between them, such as kdump.nfs"),
    "started": (TIME_RE, "a time with its zone, such as 2026-11-23T02:15:08Z"),
    **dict.fromkeys(COUNTS, (COUNT_RE, "a count")),
}


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks what was said with the file's name at hand for complaints."""

    source: str

    def error(self, line: int, problem: str) -> ParseError:
        return ParseError(self.source, line, problem)

    def check(self, line: int, key: str, text: str) -> None:
        group, _, name = key.partition(".")
        if name and group in ("set", "subject"):
            expression = NAME_RE if group == "set" else ROLE_RE
            if not expression.fullmatch(name):
                raise self.error(line, f"{name[:80]!r} is no name for `{group}.`")
        elif key not in KEYS:
            raise self.error(line, f"no such key: {key[:80]!r}; there are: {', '.join(KEYS)}")
        expression, wanted = SHAPES.get(key, (None, ""))
        if text and expression and not expression.fullmatch(text):
            raise self.error(line, f"`{key}` must be {wanted}")
        if key == "arch" and text and not architecture(text):
            raise self.error(line, "`arch` must be as `uname -m` says it, such as x86_64")

    def sidecar(self, values: dict[str, tuple[int, str]]) -> Sidecar:
        said = {key: text for key, (_, text) in values.items()}
        if "kernel_commit" in said and "kernel" not in said:
            raise self.error(values["kernel_commit"][0], "`kernel_commit` needs `kernel` beside it")
        texts = {key: said[key] for key in ("origin", "path", "started", *TEXTS) if key in said}
        return Sidecar(
            **texts,
            **{key: int(said[key]) for key in COUNTS if key in said},
            arch=architecture(said.get("arch", "")),
            command_line=command_line(said.get("command_line", ""))[0],
            dimensions=tuple(sorted((key[4:], text) for key, text in said.items() if key.startswith("set."))),
            subjects=tuple(_subjects(said)),
        )


def _subjects(said: dict[str, str]) -> Iterator[Subject]:
    for key, role in SUBJECTS.items():
        if key in said:
            yield Subject(role=role, version=said[key], commit=said.get("kernel_commit", "") if key == "kernel" else "")
    for key, version in said.items():
        if key.startswith("subject."):
            yield Subject(role=key[8:], version=version)


def with_sidecar(
    imported: Imported, sidecar: Sidecar, *, source_format: str = "kdump-report", source_sha256: str = ""
) -> Report:
    """Return the report of both. Where they contradict each other the sidecar prevails, and a note says so.

    Without an origin in the sidecar the report has none: whoever stores it must give it one.
    """
    environment, changed = _environment(imported.environment, sidecar)
    subjects, replaced = _both(imported.subjects, sidecar.subjects)
    return Report(
        origin=sidecar.origin,
        tool=sidecar.tool or imported.tool,
        tool_version=sidecar.tool_version or imported.tool_version,
        started=sidecar.started or imported.started,
        kernel_line=sidecar.kernel_line or imported.kernel_line,
        subjects=subjects,
        environment=environment,
        runs=tuple(_run(run, sidecar, alone=len(imported.runs) == 1) for run in imported.runs),
        source_format=source_format,
        source_sha256=source_sha256,
        notes=(*imported.notes, *changed, *replaced),
    )


def _environment(found: Environment, sidecar: Sidecar) -> tuple[Environment, list[str]]:
    said = {
        "architecture": sidecar.arch,
        **{
            key: getattr(sidecar, key)
            for key in ("distribution", "machine", "firmware", "secure_boot", "memory_mb", "processors", "command_line")
        },
    }
    said = {key: value for key, value in said.items() if value}
    different = [key for key, value in said.items() if getattr(found, key) not in ("", None, (), value)]
    notes = [f"the file said {key}: {getattr(found, key)}" for key in different if key != "command_line"]
    return replace(found, **said), [one_line(note) for note in notes]


def _both(found: tuple[Subject, ...], said: tuple[Subject, ...]) -> tuple[tuple[Subject, ...], list[str]]:
    subjects = {subject.role: subject for subject in (*found, *said)}
    others = [subject for subject in found if subject.version != subjects[subject.role].version]
    return tuple(subjects.values()), [one_line(f"the file said {other.role}: {other.version}") for other in others]


def _run(run: Run, sidecar: Sidecar, *, alone: bool) -> Run:
    found = run.scenario
    path = found.path if not sidecar.path else sidecar.path if alone else f"{sidecar.path}.{found.path}"
    dimensions = dict(found.dimensions) | dict(sidecar.dimensions)
    scenario = Scenario(
        path=scenario_path([path]) if path != found.path else path, dimensions=tuple(sorted(dimensions.items()))
    )
    planned = run.planned if sidecar.planned is None else sidecar.planned
    return replace(run, scenario=scenario, planned=planned)
