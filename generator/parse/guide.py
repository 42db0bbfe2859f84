"""Read the blocks of a guide that the lab runs, from its Markdown. The marks are described in content/howto/index.md.

    guide = parse_guide(file.read_text("utf-8"), name=file.stem, source="content/howto/first-crash.md")
    for block in guide.runnable:        # in order, in one session: variables stay set
        ...                             # run block.script (or one block.commands at a time) at block.place
        block.expect                    # None: exit codes alone; else exit_code of the last command, and lines

Each command must end with exit code 0, the last one with `expect.exit_code`. A report about a guide has the scenario
path `guide.scenario` and a step for each block, named by `block.id`; that is how the page and `kdump-portal check`
find the block that failed.
"""

import re
import warnings
from dataclasses import dataclass, replace

from generator.errors import ParseError
from generator.model.guides import Block, Command, Expectation, Guide, Place

LONGEST = 1 << 20  # characters
FENCE_RE = re.compile(r"(?P<fence>`{3,}|~{3,})[ ]*(?P<info>.*)")
MARKS_RE = re.compile(r"\{(?P<marks>.*)\}")
MARK_RE = re.compile(r"""\.(?P<name>[\w-]+)|\#(?P<id>[\w-]+)|(?P<key>[\w-]+)=(?:"(?P<value>[^"]*)"|(?P<word>\S+))""")
ID_RE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
EXIT_RE = re.compile(r"exit (\d{1,3})")
PROMPT_RE = re.compile(r"(?P<prompt>[#$]) (?P<text>.*)")
CONTINUED_RE = re.compile(r"> ?(?P<text>.*)")
KINDS = ("console", "sh")
PLACES: tuple[Place, ...] = ("first", "capture", "host")
KNOWN = {*KINDS, *PLACES, "run", "hardware", "down", "text", "expect", "literal"}


@dataclass(frozen=True, slots=True)
class _Fence:
    """A fenced block: the line of its fence, its classes, id and values, and what stands in it."""

    line: int
    names: tuple[str, ...]
    id: str
    values: dict[str, str]
    body: tuple[str, ...]

    def has(self, name: str) -> bool:
        return name in self.names


def parse_guide(text: str, *, name: str, source: str) -> Guide:
    """Return a guide by its marked blocks. Raises ParseError at the line of the first mark that cannot be meant."""
    if len(text) > LONGEST:
        raise ParseError(source, 1, f"is longer than the {LONGEST} characters that are read")
    blocks: list[Block] = []
    before = False  # whether the last fence was one that an `expect` may follow
    for fence in _fences(text.splitlines(), source):
        _check(fence, source)
        if fence.has("expect"):
            if not before:
                raise ParseError(
                    source, fence.line, "`.expect` follows no block: put it right behind one of `.run` or `.hardware`"
                )
            blocks[-1] = replace(blocks[-1], expect=_expectation(fence, source))
        elif fence.has("run") or fence.has("hardware"):
            blocks.append(_block(fence, source, {block.id for block in blocks if block.id}))
        before = fence.has("run") or fence.has("hardware")
    return Guide(name=name, source=source, blocks=tuple(blocks))


def _fences(lines: list[str], source: str) -> list[_Fence]:
    """Return the fenced blocks that stand at the margin; what is inside of one is no fence."""
    found, number = [], 0
    while number < len(lines):
        opening = FENCE_RE.fullmatch(lines[number].rstrip())
        number += 1
        if not opening or "`" in opening["info"]:
            continue
        start = number
        while number < len(lines) and not _closes(lines[number], opening["fence"]):
            number += 1
        if number == len(lines):
            raise ParseError(source, start, "this fence is never closed")
        found.append(_fence(start, opening["info"].strip(), tuple(lines[start:number])))
        number += 1
    return found


def _closes(line: str, fence: str) -> bool:
    bare = line.rstrip()
    return len(bare) >= len(fence) and set(bare) == {fence[0]}


def _fence(line: int, info: str, body: tuple[str, ...]) -> _Fence:
    marks = MARKS_RE.fullmatch(info)
    if not marks:
        return _Fence(line, (info,), "", {}, body)
    found = list(MARK_RE.finditer(marks["marks"]))
    return _Fence(
        line,
        tuple(mark["name"] for mark in found if mark["name"]),
        next((mark["id"] for mark in found if mark["id"]), ""),
        {mark["key"]: mark["value"] or mark["word"] or "" for mark in found if mark["key"]},
        body,
    )


def _check(fence: _Fence, source: str) -> None:
    if not {"run", "hardware", "expect"} & set(fence.names):
        return
    for name in fence.names:
        if name not in KNOWN:
            raise ParseError(
                source, fence.line, f"`.{name}` is no mark of a guide: there are {', '.join(sorted(KNOWN))}"
            )


def _block(fence: _Fence, source: str, taken: set[str]) -> Block:
    kinds = [kind for kind in KINDS if fence.has(kind)]
    places = [place for place in PLACES if fence.has(place)]
    hardware = fence.values.get("reason", "") if fence.has("hardware") else ""
    complaint = _complaint(fence, kinds, places, hardware, taken)
    if complaint:
        raise ParseError(source, fence.line, complaint)
    return Block(
        id=fence.id,
        line=fence.line,
        kind=kinds[0],
        place=places[0] if places else "first",
        commands=_commands(fence, kinds[0], source),
        down=fence.has("down"),
        hardware=hardware,
    )


def _complaint(fence: _Fence, kinds: list[str], places: list[str], hardware: str, taken: set[str]) -> str:
    """Return what is wrong with the marks, "" for nothing."""
    if len(kinds) != 1:
        return "a marked block is either `.console` or `.sh`"
    if len(places) > 1:
        return f"a block runs at one place, not at {' and '.join(places)}"
    if fence.has("run") and fence.has("hardware"):
        return "a block is either `.run` or `.hardware`"
    if fence.has("hardware") and not hardware:
        return '`.hardware` needs its reason: reason="needs a second disk controller"'
    if fence.has("run") and not ID_RE.fullmatch(fence.id):
        return "a `.run` block needs an id of lower-case letters, digits and `-`: `#load-and-unload`"
    if fence.id and fence.id in taken:
        return f"the id `{fence.id}` is taken: each block of a guide has its own"
    return ""


def _commands(fence: _Fence, kind: str, source: str) -> tuple[Command, ...]:
    """Return a script whole, and of a console what stands behind prompts; `> ` goes on with the command above."""
    if kind == "sh":
        return (Command(fence.line + 1, "\n".join(fence.body)),)
    commands: list[Command] = []
    for number, line in enumerate(fence.body, fence.line + 1):
        if prompt := PROMPT_RE.fullmatch(line):
            commands.append(Command(number, prompt["text"], prompt["prompt"] == "#"))
        elif commands and (more := CONTINUED_RE.fullmatch(line)):
            last = commands[-1]
            commands[-1] = replace(last, text=f"{last.text}\n{more['text']}")
    if fence.has("run") and not commands:
        raise ParseError(source, fence.line, "holds no command: begin each with `# ` (root) or `$ ` (user)")
    return tuple(commands)


def _expectation(fence: _Fence, source: str) -> Expectation:
    """Return what a block must give; the first line may be `exit N`."""
    lines = [(number, line) for number, line in enumerate(fence.body, fence.line + 1) if line.strip()]
    code = EXIT_RE.fullmatch(lines[0][1].strip()) if lines else None
    wanted = lines[1:] if code else lines
    if not lines:
        raise ParseError(source, fence.line, "expects nothing: write a line of the output, or `exit N`")
    if not fence.has("literal"):
        for number, line in wanted:
            try:
                with warnings.catch_warnings(action="error", category=FutureWarning):  # `[[`: two meanings
                    re.compile(line)
            except (re.error, FutureWarning) as problem:
                raise ParseError(source, number, f"is no regular expression: {problem}; or mark it .literal") from None
    return Expectation(
        line=fence.line,
        lines=tuple(wanted),
        literal=fence.has("literal"),
        exit_code=int(code[1]) if code else 0,
    )
