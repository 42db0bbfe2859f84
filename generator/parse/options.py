"""Read the options of a C program from its sources: getopt_long(3) tables, and the usage texts in its strings."""

import re
from collections.abc import Iterable, Iterator

from generator.model.options import EVERY, CommandOption, Entry, Help, Row, Spot

LONGEST = 1 << 20  # characters of a file that is looked at
ARCHITECTURE_RE = re.compile(r"(?:^|/)arch/([^/]+)/")
# A comment or a string, whichever begins first: a comment's mark inside a string is none, and the other way round.
TOKEN_RE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'', re.DOTALL)
ROW_RE = re.compile(
    r'\{\s*"(?P<name>[A-Za-z0-9][\w-]*)"\s*,\s*(?P<argument>[012]|no_argument|required_argument|optional_argument)\s*,'
    r"\s*(?:0|NULL)\s*,\s*(?P<value>\w+|'[^']')\s*\}"
)
LETTER_RE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(?P<constant>\w+)[ \t]+'(?P<letter>[A-Za-z?])'", re.MULTILINE)
ARGUMENTS = {"0": "no", "1": "required", "2": "optional", "no_argument": "no", "required_argument": "required"}
STRING_RE = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ESCAPE_RE = re.compile(r"\\(.)")
# Usage texts indent their options; a message that begins with one, such as "--x only works under y", does not.
HELP_RE = re.compile(
    r"\s+(?:-(?P<short>[A-Za-z]),\s+)?--(?P<name>[a-z0-9][a-z0-9-]*)"
    r"(?:=(?P<value>\"[^\"]*\"|<[^>]*>|[^\s]+)|\s(?P<word><[^>]*>))?(?:\s+(?P<text>.*))?"
)


def parse_rows(text: str, *, path: str) -> tuple[Row, ...]:
    """Return the rows of all option tables of a file. A letter is known where the row or this file's macros give it."""
    code = _without_comments(text[:LONGEST])
    letters = option_letters(code)
    return tuple(
        Row(
            name=match["name"],
            argument=ARGUMENTS.get(match["argument"], "optional"),
            short=letters.get(match["value"], match["value"][1:-1] if match["value"].startswith("'") else ""),
            spot=_spot(path, code, match.start("name")),
        )
        for match in ROW_RE.finditer(code)
    )


def option_letters(text: str) -> dict[str, str]:
    """Return the letters that a file's macros stand for, by the macro's name."""
    return {match["constant"]: match["letter"] for match in LETTER_RE.finditer(text)}


def parse_helps(text: str, *, path: str) -> tuple[Help, ...]:
    """Return the options that the usage texts of a file describe: strings that stand together, read as lines."""
    code = _without_comments(text[:LONGEST])
    return tuple(help for lines in _printed(code) for help in _described(lines, path, code))


def _without_comments(text: str) -> str:
    """Blank comments out; what stands elsewhere stays at its place."""
    return TOKEN_RE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]) if match[0].startswith("/") else match[0], text)


def _spot(path: str, code: str, offset: int) -> Spot:
    architecture = ARCHITECTURE_RE.search(path)
    return Spot(path, code.count("\n", 0, offset) + 1, architecture[1] if architecture else EVERY)


def _printed(code: str) -> Iterator[list[tuple[int, str]]]:
    """Yield texts as lists of (offset, line): strings with nothing but white space between are one text."""
    lines: list[tuple[int, str]] = []
    open_line, end = False, -1
    for match in STRING_RE.finditer(code):
        if end >= 0 and code[end : match.start()].strip():
            yield lines
            lines, open_line = [], False
        end = match.end()
        for number, piece in enumerate(match[1].replace("\\n", "\n").split("\n")):
            words = ESCAPE_RE.sub(r"\1", piece.replace("\\t", " "))
            if open_line and number == 0:
                lines[-1] = (lines[-1][0], lines[-1][1] + words)
            else:
                lines.append((match.start(), words))
        open_line = not match[1].endswith("\\n")
        if not open_line:
            lines.pop()
    yield lines


def _described(lines: list[tuple[int, str]], path: str, code: str) -> Iterator[Help]:
    """Yield each option of a text with the words behind it and on the lines below that are indented."""
    current: re.Match | None = None
    words: list[str] = []
    start = 0
    for offset, line in [*lines, (0, "")]:
        match = HELP_RE.fullmatch(line)
        if current and (match or not line.startswith((" ", "\t")) or not line.strip()) and not _goes_on(line):
            yield _help(current, words, _spot(path, code, start))
            current = None
        if match:
            current, words, start = match, [match["text"] or ""], offset
        elif current:
            words.append(line)


def _goes_on(line: str) -> bool:
    """Whether a line without indentation still is about the option above: it begins like a sentence that goes on."""
    return bool(re.match(r"[a-z]", line))


def _help(match: re.Match, words: list[str], spot: Spot) -> Help:
    value = (match["value"] or match["word"] or "").strip('"<>')
    return Help(
        name=match["name"], short=match["short"] or "", value=value, text=" ".join(" ".join(words).split()), spot=spot
    )


ADDED_RE = re.compile(r"^(?:commit (?P<commit>[0-9a-f]{40,64})|\+(?P<line>[^\n]*))$", re.MULTILINE)


def parse_additions(log: str) -> dict[str, str]:
    """Return by option the commit that first added a row for it, from `git log --reverse -p --format=commit\\ %H`."""
    found: dict[str, str] = {}
    commit = ""
    for match in ADDED_RE.finditer(log):
        commit = match["commit"] or commit
        for row in ROW_RE.finditer(match["line"] or ""):
            found.setdefault(row["name"], commit)
    return found


def gather_options(rows: Iterable[Row], helps: Iterable[Help], entries: Iterable[Entry]) -> tuple[CommandOption, ...]:
    """Bring together what is said of each long option, by name."""
    names: dict[str, tuple[list[Row], list[Help], list[Entry]]] = {}
    for number, things in enumerate((rows, helps, entries)):
        for thing in things:
            names.setdefault(thing.name, ([], [], []))[number].append(thing)
    return tuple(
        CommandOption(
            name=name,
            short=next((one.short for one in (*said[0], *said[2], *said[1]) if one.short), ""),
            rows=tuple(said[0]),
            helps=tuple(said[1]),
            entries=tuple(said[2]),
        )
        for name, said in sorted(names.items())
    )
