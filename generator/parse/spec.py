"""Read from an RPM spec file which patches it applies, in which order and how: rpm-spec(5), rpm's patch macros.

Nothing is run. Macros that the spec defines with plain text are put in; conditions are not decided, so a patch that
stands inside one is taken and the condition is told with it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from generator.errors import ParseError

ROUNDS = 8  # of putting macros into each other
LONGEST_LINE = 4_000
LONGEST_TEXT = 1_000_000


@dataclass(frozen=True, slots=True)
class SpecPatch:
    """One patch that the spec names. `strip` is its -p level, None when the spec does not say one."""

    number: int
    file: str  # the last part of what the spec gives, which may be an address
    strip: int | None = None
    condition: str = ""  # such as `%if 0%{?rhel}`, "" when it is applied always


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What the spec says. Macros that it does not define itself stay as they are written."""

    name: str
    version: str
    release: str
    licence: str
    address: str
    patches: tuple[SpecPatch, ...]  # in the order in which they are applied
    unused: tuple[SpecPatch, ...]  # named, and never applied
    is_guess: bool = False  # nothing in it could be read as applying a patch: all are taken, in their order


@dataclass(slots=True)
class _Reading:
    """What is known so far."""

    macros: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    declared: dict[int, SpecPatch] = field(default_factory=dict)
    applied: list[SpecPatch] = field(default_factory=list)
    seen: bool = False  # something that applies patches


def parse_spec(text: str, *, source: str) -> Spec:
    """Read a spec. Raises ParseError when it has no `Name:` or is too big to be one."""
    if len(text) > LONGEST_TEXT:
        raise ParseError(source, 1, f"is longer than {LONGEST_TEXT:,} characters: is it a spec file?")
    reading = _Reading()
    for section, condition, line in _lines(text):
        _read(reading, section, condition, line)
    if "name" not in reading.tags:
        raise ParseError(source, 1, "has no `Name:` line: is it a spec file?")
    return _spec(reading)


def _spec(reading: _Reading) -> Spec:
    tags = {name: _expand(value, reading) for name, value in reading.tags.items()}
    applied = reading.applied if reading.seen else list(reading.declared.values())
    used = {patch.number for patch in applied}
    return Spec(
        name=tags["name"],
        version=tags.get("version", ""),
        release=tags.get("release", ""),
        licence=tags.get("license", ""),
        address=tags.get("url", ""),
        patches=tuple(applied),
        unused=tuple(patch for number, patch in reading.declared.items() if number not in used),
        is_guess=not reading.seen and bool(applied),
    )


SECTION_RE = re.compile(
    r"%(description|prep|build|install|check|clean|files|changelog|package|pre|post|preun|postun|pretrans|posttrans"
    r"|triggerin|triggerun|generate_buildrequires|conf|patchlist|sourcelist)\b(?!\()"
)


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (section, condition, line); lines that `\\` continues are joined, comments and `%if 0` are left out."""
    section = ""
    conditions: list[str] = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        line = line.strip()[:LONGEST_LINE]
        if _is_condition(line, conditions):
            continue
        if match := SECTION_RE.match(line):
            section = match[1]
        if line and not line.startswith("#") and "%if 0" not in conditions:
            yield section, "; ".join(condition for condition in conditions if condition != "%if 1"), line


CONDITION_RE = re.compile(r"%(if|ifarch|ifnarch|ifos|ifnos|elif|elifarch|else|endif)\b")


def _is_condition(line: str, conditions: list[str]) -> bool:
    match = CONDITION_RE.match(line)
    if not match:
        return False
    if match[1] == "endif":
        del conditions[-1:]
    elif match[1].startswith("el"):
        before = conditions.pop() if conditions else ""
        conditions.append({"%if 0": "%if 1", "%if 1": "%if 0"}.get(before, f"{before} {line}"))
    else:
        conditions.append(" ".join(line.split()))
    return True


MACRO_RE = re.compile(r"%(?:global|define)\s+([A-Za-z_]\w*)\s+(\S.*)")
TAG_RE = re.compile(r"(name|version|release|license|url)\s*:\s*(.+)", re.IGNORECASE)
PATCH_TAG_RE = re.compile(r"patch(\d{0,9})\s*:\s*(\S+)", re.IGNORECASE)


def _read(reading: _Reading, section: str, condition: str, line: str) -> None:
    if match := MACRO_RE.match(line):
        reading.macros.setdefault(match[1], match[2].strip())
    elif section == "prep":
        _read_prep(reading, condition, line)
    elif section == "patchlist" and not line.startswith("%"):
        _declare(reading, "", line.split()[0], condition)
    elif section in ("", "package") and (match := PATCH_TAG_RE.fullmatch(line.partition(" #")[0].strip())):
        _declare(reading, match[1], match[2], condition)
    elif section == "" and (match := TAG_RE.fullmatch(line)):
        reading.tags.setdefault(match[1].lower(), match[2].strip())


def _declare(reading: _Reading, digits: str, value: str, condition: str) -> None:
    number = int(digits) if digits else max(reading.declared, default=-1) + 1
    file = _expand(value, reading).partition("#/")[2] or _expand(value, reading)
    reading.declared[number] = SpecPatch(number, file.rstrip("/").rpartition("/")[2], None, condition)


USE_RE = re.compile(r"%(\{)?(\?|!\?)?([A-Za-z_]\w*)(?::([^{}]*))?(?(1)\})")


def _expand(text: str, reading: _Reading) -> str:
    """Put in the macros that the spec defines; `%{?name}` of another one becomes nothing, others stay."""
    known = {name: value for name, value in reading.tags.items() if name in ("name", "version", "release")}
    known |= reading.macros
    for _ in range(ROUNDS):
        before, text = text, USE_RE.sub(lambda match: _value(match, known), text)[:LONGEST_LINE]
        if text == before:
            break
    return text.strip()


def _value(match: re.Match[str], known: dict[str, str]) -> str:
    sign, name, inner = match[2], match[3], match[4]
    if name.lower() in known and name not in known:
        name = name.lower()
    if sign == "!?":
        return "" if name in known else inner or ""
    if name in known:
        return known[name] if inner is None else inner
    return "" if sign == "?" else match[0]


AUTO_RE = re.compile(r"%(autosetup|autopatch)\b(.*)")
PATCH_RE = re.compile(r"%(?:\{patch(\d{1,9})\}|patch(\d{1,9})\b|patch\b)(.*)", re.IGNORECASE)
BY_HAND_RE = re.compile(r"(?:%\{?(?:P:|PATCH|S:)(\d{1,9})\}?|%\{patches\})", re.IGNORECASE)
TOOL_RE = re.compile(r"(?:\bpatch|\bgit (?:am|apply)|%\{?__patch\}?)\s")


def _read_prep(reading: _Reading, condition: str, line: str) -> None:
    """Read a line of %prep: what applies one patch, some or all."""
    if match := AUTO_RE.match(line):
        options = match[2].split()
        if match[1] == "autopatch" or not _has_flag(options, "N"):
            _apply_all(reading, options, condition)
    elif match := PATCH_RE.match(line):
        _apply_some(reading, match, condition)
    elif TOOL_RE.search(line) and (match := BY_HAND_RE.search(line)):
        strip = _strip(line.split())
        numbers = [int(match[1])] if match[1] else sorted(reading.declared)
        _apply(reading, numbers, 1 if strip is None and "git " in line else strip, condition)


def _has_flag(options: list[str], letter: str) -> bool:
    return any(option.startswith("-") and letter in option[1:] and option[1:].isalpha() for option in options)


VALUED = ("-m", "-M", "-p", "-S")  # options whose value may stand in the next word


def _apply_all(reading: _Reading, options: list[str], condition: str) -> None:
    strip = _strip(options)
    if strip is None and any("git" in option for option in options):
        strip = 1
    low, high = _option(options, "m"), _option(options, "M")
    chosen = [int(option) for at, option in enumerate(options) if option.isdecimal() and options[at - 1] not in VALUED]
    numbers = [
        number
        for number in sorted(reading.declared)
        if (low is None or number >= low) and (high is None or number <= high)
    ]
    _apply(reading, chosen or numbers, strip, condition)


def _apply_some(reading: _Reading, match: re.Match[str], condition: str) -> None:
    options = match[3].split()
    number = match[1] or match[2]
    wanted = [int(number)] if number else _positions(options)
    _apply(reading, wanted or [0], _strip(options) or 0, condition)


def _positions(options: list[str]) -> list[int]:
    """Return the numbers of `-P 3`, `-P3` and `3`."""
    joined = re.sub(r"-P\s*", "", " ".join(options))
    return [int(word) for word in joined.split() if word.isdecimal()]


def _option(options: list[str], letter: str) -> int | None:
    text = f" {' '.join(options)} "
    match = re.search(rf" -{letter}\s*(\d{{1,9}})\s", text)
    return int(match[1]) if match else None


def _strip(options: list[str]) -> int | None:
    level = _option(options, "p")
    return level if level is None or level < 100 else None


def _apply(reading: _Reading, numbers: list[int], strip: int | None, condition: str) -> None:
    reading.seen = True
    for number in numbers:
        patch = reading.declared.get(number)
        done = {applied.number for applied in reading.applied}
        if patch and number not in done:
            conditions = "; ".join(dict.fromkeys(part for part in (patch.condition, condition) if part))
            reading.applied.append(replace(patch, strip=strip, condition=conditions))
