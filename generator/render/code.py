"""Highlight code line by line, each distinct line once. The only importer of pygments."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import ClassVar

from pygments.lexer import Lexer, include, inherit
from pygments.lexers import get_lexer_by_name
from pygments.lexers.asm import GasLexer
from pygments.lexers.shell import BashLexer
from pygments.token import Comment, Generic, Keyword, Name, Number, String, Text, Token, _TokenType

from generator.render.escape import decode, esc_text

# A longer line is escaped only: nobody reads it, and a lexer may take quadratic time for it.
LINE_LIMIT_BYTES = 1_000
MEMO_LINES = 50_000
BLOCK_BYTES = 2_048

Run = tuple[str, str]
"""A class of TAGS and raw text."""

TAGS = {
    "": ("", ""),
    "keyword": ("<b>", "</b>"),
    "comment": ("<i>", "</i>"),
    "string": ("<samp>", "</samp>"),
    "number": ("<i class=n>", "</i>"),
    "preprocessor": ("<kbd>", "</kbd>"),
    "type": ("<var>", "</var>"),
    "function": ("<i class=f>", "</i>"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Nesting:
    """What may span lines in a family of languages, found without lexing.

    `atom_re` matches what could hide, or be, such a span. Its groups come in pairs: what opened the span, and
    what closed it, which is unset where the text ends first. `closers` gives for each opener what closes it,
    and the class of what is inside.
    """

    atom_re: re.Pattern[bytes]
    closers: dict[bytes, tuple[bytes, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How to read a file. Without a lexer its lines are plain."""

    lexer: Lexer | None
    nesting: Nesting | None = None
    names_functions: bool = False  # a name at the left margin before a parenthesis is being defined


@dataclass(frozen=True, slots=True)
class Line:
    """A highlighted line: its runs, their HTML, and the opener (b"": none) that is open after it."""

    runs: tuple[Run, ...]
    html: str
    after: bytes


class Highlighter:
    """Remembers the lines it has highlighted, up to MEMO_LINES. One for each process."""

    def __init__(self) -> None:
        self._memo: dict[tuple[Language, bytes, bytes], Line] = {}

    def line(self, language: Language, line: bytes, state: bytes = b"") -> Line:
        """Highlight one line (no newline in it) that begins inside what `state` opened."""
        key = (language, line, state)
        found = self._memo.get(key)
        if found is None:
            runs, after = _line_runs(language, line, state)
            found = Line(runs, html_of(runs), after)
            if len(self._memo) >= MEMO_LINES:
                self._memo.clear()
            if len(line) <= LINE_LIMIT_BYTES:
                self._memo[key] = found
        return found

    def file(self, data: bytes, path: bytes) -> tuple[str, ...]:
        """Highlight a whole file: one HTML text a line, without newlines."""
        language = language_of(path)
        state = b""
        texts = []
        for line in data.removesuffix(b"\n").split(b"\n") if data else ():
            found = self.line(language, line, state)
            state = found.after
            texts.append(found.html)
        return tuple(texts)


def html_of(runs: Iterable[Run]) -> str:
    """Return runs as HTML."""
    return "".join([TAGS[kind][0] + esc_text(text) + TAGS[kind][1] if kind else esc_text(text) for kind, text in runs])


def states_at(language: Language, data: bytes, numbers: Sequence[int]) -> list[bytes]:
    """Return what is open at the beginning of each of the lines, whose numbers (from 1) must not fall."""
    nesting = language.nesting
    if nesting is None or not numbers:
        return [b""] * len(numbers)
    offsets = list(_offsets(data, numbers))
    if _nothing_open(nesting, data, offsets):
        return [b""] * len(numbers)
    return list(_scanned(nesting, data, offsets))


def guessed_state(language: Language, lines: Iterable[bytes]) -> bytes:
    """Return what seems to be open before the first of `lines`, for want of the file they are from.

    A closer that no opener stands before was opened above. Only a language whose openers and closers differ
    tells.
    """
    if language.nesting is None:
        return b""
    text = b"\n".join(lines)
    for opener, (closer, _) in language.nesting.closers.items():
        first = text.find(closer)
        if opener != closer and first >= 0 and not 0 <= text.find(opener) <= first:
            return opener
    return b""


def _offsets(data: bytes, numbers: Sequence[int]) -> Iterator[int]:
    at, current = 0, 1
    for number in numbers:
        at = _skip_lines(data, at, number - current)
        current = max(number, current)
        yield at


def _skip_lines(data: bytes, at: int, lines: int) -> int:
    """Return the offset after so many more newlines; counting whole blocks is much faster than finding each."""
    while at + BLOCK_BYTES < len(data) and lines > (found := data.count(b"\n", at, at + BLOCK_BYTES)):
        at += BLOCK_BYTES
        lines -= found
    for _ in range(lines):
        at = data.find(b"\n", at) + 1 or len(data)
    return at


def _nothing_open(nesting: Nesting, data: bytes, offsets: Sequence[int]) -> bool:
    """Tell cheaply whether surely nothing is open at any offset; scanning all blobs would take twice as long.

    After a closer nothing is open, whatever it closed. `/*/` is the one case that tells nothing.
    """
    if len(nesting.closers) != 1:
        return False
    ((opener, (closer, _)),) = nesting.closers.items()
    since = 0
    for at in offsets:
        opened, closed = data.rfind(opener, since, at), data.rfind(closer, since, at)
        if opened >= 0 and opened >= closed - 1:
            return False
        since = at
    return True


def _scanned(nesting: Nesting, data: bytes, offsets: Sequence[int]) -> Iterator[bytes]:
    atoms = nesting.atom_re.finditer(data, 0, offsets[-1])
    atom = next(atoms, None)
    for at in offsets:
        while atom and (atom.end() < at or (atom.end() == at and not _left_open(atom))):
            atom = next(atoms, None)
        inside = atom and atom.lastindex and atom.start() < at
        yield atom[(atom.lastindex - 1) | 1] if inside else b""


def _left_open(atom: re.Match[bytes] | None) -> bytes:
    """Return what opened the span that ends with the text, b"" where nothing did."""
    return atom[atom.lastindex] if atom and atom.lastindex and atom.lastindex % 2 else b""


def _line_runs(language: Language, line: bytes, state: bytes) -> tuple[tuple[Run, ...], bytes]:
    """Cut off what belongs to a span from above and to one that stays open below; lex what is between."""
    nesting = language.nesting
    if nesting is None:
        return _merged(_lexed(language, line)), b""
    head = b""
    runs: list[Run] = []
    if state:
        closer, kind = nesting.closers[state]
        end = line.find(closer)
        if end < 0:
            return _merged([(kind, decode(line))]), state
        head = line[: end + len(closer)]
        runs.append((kind, decode(head)))
    inner, tail, after = _cut_open_tail(nesting, line[len(head) :])
    runs += _lexed(language, inner)
    if tail:
        runs.append((nesting.closers[after][1], decode(tail)))
    return _merged(runs), after


def _cut_open_tail(nesting: Nesting, text: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what comes before a span that stays open at the end, the rest, and what opened it."""
    if not any(opener in text for opener in nesting.closers):
        return text, b"", b""
    last = None
    for last in nesting.atom_re.finditer(text):  # noqa: B007 (the last one is what is wanted)
        pass
    after = _left_open(last)
    return (text[: last.start()], text[last.start() :], after) if after else (text, b"", b"")


def _lexed(language: Language, line: bytes) -> list[Run]:
    text = decode(line)
    if language.lexer is None or len(line) > LINE_LIMIT_BYTES or not text.strip():
        return [("", text)]
    runs = _tokens(language, text)
    # A lexer that does not give back what it was given is not trusted with the line.
    return runs if "".join([part for _, part in runs]) == text else [("", text)]


def _tokens(language: Language, text: str) -> list[Run]:
    """Lex one line alone, so that nothing leaks into another; the newline is what many rules end with."""
    defined_at = _defined_name(text) if language.names_functions else -1
    return [
        ("function" if at == defined_at and token is Name else _class_of(token), part.rstrip("\n"))
        for at, token, part in language.lexer.get_tokens_unprocessed(text + "\n")
    ]


NAME_GAP_RE = re.compile(r"[\s*]")
HEAD_RE = re.compile(r"[A-Za-z_][\w\s*]*")


def _defined_name(text: str) -> int:
    """Return where the name of a C function stands that this line seems to define or declare, else -1."""
    head, parenthesis, _ = text.partition("(")
    head = head.rstrip()
    if not parenthesis or not HEAD_RE.fullmatch(head):
        return -1
    return len(head) - len(NAME_GAP_RE.split(head)[-1])


def _merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Join neighbours of one class, also across blanks, which never have a class of their own."""
    merged: list[tuple[str, str]] = []
    blanks = ""
    for kind, text in runs:
        if not text or text.isspace():
            blanks += text
            continue
        if merged and merged[-1][0] == kind:
            merged[-1] = (kind, merged[-1][1] + blanks + text)
        elif not kind or not blanks:
            merged.append((kind, blanks + text))
        else:
            merged += [("", blanks), (kind, text)]
        blanks = ""
    if blanks:
        merged.append(("", blanks))
    return tuple(merged)


# The nearest of these that a token is, or is a kind of.
CLASSES = {
    Token: "",
    Keyword: "keyword",
    Keyword.Type: "type",
    Keyword.Constant: "number",
    Name.Attribute: "function",
    Name.Builtin: "function",
    Name.Class: "type",
    Name.Decorator: "function",
    Name.Function: "function",
    Name.Tag: "function",
    Number: "number",
    String: "string",
    Comment: "comment",
    Comment.Preproc: "preprocessor",
    Comment.PreprocFile: "string",
    Generic.Heading: "function",
    Generic.Subheading: "function",
}


@cache
def _class_of(token: _TokenType) -> str:
    return CLASSES[token] if token in CLASSES else _class_of(token.parent)


C_TYPES = (
    *("bool", "char", "double", "float", "int", "long", "short", "signed", "unsigned", "void", "_Bool"),
    *("__int128", "wchar_t", "__be16", "__be32", "__be64", "__le16", "__le32", "__le64"),
)
C_KEYWORDS = (
    *(
        "alignas",
        "alignof",
        "asm",
        "auto",
        "break",
        "case",
        "const",
        "constexpr",
        "continue",
        "default",
        "do",
    ),
    *("else", "enum", "extern", "for", "goto", "if", "inline", "register", "restrict", "return", "sizeof"),
    *(
        "static",
        "static_assert",
        "struct",
        "switch",
        "thread_local",
        "typedef",
        "typeof",
        "union",
        "volatile",
    ),
    *("while", "__asm__", "__attribute__", "__inline", "__inline__", "__volatile__"),
)
CPP_KEYWORDS = (
    *C_KEYWORDS,
    *("catch", "class", "const_cast", "decltype", "delete", "dynamic_cast", "explicit", "final", "friend"),
    *("namespace", "new", "noexcept", "operator", "override", "private", "protected", "public"),
    *("reinterpret_cast", "static_cast", "template", "this", "throw", "try", "typename", "using", "virtual"),
)


class LineCLexer(Lexer):
    """One line of C: what is plain in the page anyway is one token, and one expression finds them all.

    Pygments' own C lexer looks for whole functions, which a line never is, and is ten times slower.
    """

    name = "C"
    keywords = C_KEYWORDS
    directive_re = re.compile(r"\s*#(?:\s*include\s*(?=[<\"]))?")
    included_re = re.compile(r"<[^>\n]*>|\"[^\"\n]*\"")
    macro_re = re.compile(r"(?P<comment>/\*.*?\*/|//.*)|(?P<rest>[^/]+|/)", re.DOTALL)
    code_re = re.compile(
        r"""(?P<word>[^\W\d]\w*)|(?P<plain>[^\w"'/]+)"""
        r"""|(?P<number>\d(?:[eEpP][+-]|[\w.])*)"""  # C's own "preprocessing number"
        r"""|(?P<string>"(?:[^"\\\n]|\\.)*"?)|(?P<char>'(?:\\[^\n][^'\n]{0,8}|[^'\\\n])')"""
        r"""|(?P<comment>/\*.*?\*/|//.*)|(?P<rest>.)"""
    )
    kinds: ClassVar = {
        "plain": Text, "number": Number, "string": String, "char": String.Char, "comment": Comment, "rest": Text,
    }  # fmt: skip

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.words = dict.fromkeys(C_TYPES, Keyword.Type) | dict.fromkeys(self.keywords, Keyword)
        self.words |= dict.fromkeys(("NULL", "true", "false", "nullptr"), Keyword.Constant)

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Yield (offset, kind, text) of a line, newline included; `before` is the word one blank before."""
        directive = self.directive_re.match(text)
        if directive:
            yield from self._directive(text, directive.end())
            return
        before = ""
        for match in self.code_re.finditer(text):
            found = match[0]
            if match.lastgroup == "word":
                yield match.start(), self._word(found, before), found
                before = found
            else:
                yield match.start(), self.kinds[match.lastgroup], found
                before = before if found == " " else ""

    def _word(self, word: str, before: str) -> _TokenType:
        kind = self.words.get(word)
        if kind is None and before in ("struct", "union", "enum", "class"):
            return Name.Class
        if kind is None and TYPE_NAME_RE.fullmatch(word):
            return Keyword.Type
        return kind or Name

    def _directive(self, text: str, end: int) -> Iterator[tuple[int, _TokenType, str]]:
        yield 0, Comment.Preproc, text[:end]
        included = self.included_re.match(text, end) if end > text.find("#") + 1 else None
        if included:
            yield end, Comment.PreprocFile, included[0]
            end = included.end()
        for match in self.macro_re.finditer(text, end):
            yield match.start(), Comment if match["comment"] else Comment.Preproc, match[0]


TYPE_NAME_RE = re.compile(r"\w+_t|_*[us](?:8|16|32|64)")


class LineCppLexer(LineCLexer):
    """The same with the words of C++."""

    name = "C++"
    keywords = CPP_KEYWORDS


class PreprocessedGasLexer(GasLexer):
    """Assembly that goes through the C preprocessor: `#` begins a directive before it begins a comment."""

    tokens = {  # noqa: RUF012
        "root": [
            (r"^\s*#\s*(?:define|el\w+|endif|error|if\w*|include|pragma|undef|warning)\b.*", Comment.Preproc),
            include("whitespace"),
            (GasLexer.identifier + ":", Name.Label),
            (r"\." + GasLexer.identifier, Name.Attribute, "directive-args"),
            (GasLexer.identifier, Keyword, "instruction-args"),
        ]
    }


class AutoconfLexer(BashLexer):
    """configure.ac: shell, in which `dnl` begins a comment."""

    tokens = {"root": [(r"\bdnl\b.*", Comment.Single), inherit]}  # noqa: RUF012


C_ATOMS = rb"""(/\*)[\s\S]*?(?:(\*/)|\Z)|//[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:\\[^\n][^'\n]{0,8}|[^'\\\n])'"""
C_NESTING = Nesting(re.compile(C_ATOMS), {b"/*": (b"*/", "comment")})
TICK_NESTING = Nesting(
    re.compile(C_ATOMS + rb"|(`)(?:[^`\\]|\\[\s\S])*(?:(`)|\Z)"),
    {b"/*": (b"*/", "comment"), b"`": (b"`", "string")},
)
PYTHON_NESTING = Nesting(
    re.compile(
        rb"""(\"\"\"|''')(?:[^\\]|\\[\s\S])*?(?:(\1)|\Z)"""
        rb"""|#[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'"""
    ),
    {b'"""': (b'"""', "string"), b"'''": (b"'''", "string")},
)
MARKUP_NESTING = Nesting(re.compile(rb"(<!--)[\s\S]*?(?:(-->)|\Z)"), {b"<!--": (b"-->", "comment")})

PLAIN = Language(None)
OWN_LEXERS = {"c": LineCLexer, "cpp": LineCppLexer, "gas": PreprocessedGasLexer, "autoconf": AutoconfLexer}
NESTINGS = {
    **dict.fromkeys(("c", "cpp", "css", "devicetree", "gas", "java", "protobuf", "rust"), C_NESTING),
    **dict.fromkeys(("go", "javascript", "typescript"), TICK_NESTING),
    **dict.fromkeys(("html", "xml"), MARKUP_NESTING),
    "python": PYTHON_NESTING,
}

# A literal table, not Pygments' 500 languages: what a file is called must not choose any code that runs on it.
# First whole names, then what the name ends with; `.in` is what configure fills in, and tells nothing itself.
NAMES = {
    "CMakeLists.txt": "cmake",
    "Containerfile": "docker",
    "Dockerfile": "docker",
    "GNUmakefile": "make",
    "Kbuild": "make",
    "Kconfig": "kconfig",
    "Makefile": "make",
    "configure.ac": "autoconf",
    "configure": "bash",
    "kdump.conf": "bash",
    "makefile": "make",
    "meson.build": "meson",
}
SUFFIXES = {
    "S": "gas",
    "ac": "autoconf",
    "am": "make",
    "awk": "awk",
    "bash": "bash",
    "c": "c",
    "cc": "cpp",
    "cfg": "ini",
    "cmake": "cmake",
    "cpp": "cpp",
    "css": "css",
    "diff": "diff",
    "dts": "devicetree",
    "dtsi": "devicetree",
    "fmf": "yaml",
    "go": "go",
    "h": "c",
    "hh": "cpp",
    "hpp": "cpp",
    "html": "html",
    "ini": "ini",
    "java": "java",
    "js": "javascript",
    "json": "json",
    "l": "c",
    "ld": "c",
    "lds": "c",
    "lua": "lua",
    "m4": "autoconf",
    "md": "markdown",
    "mk": "make",
    "patch": "diff",
    "pl": "perl",
    "pm": "perl",
    "po": "pot",
    "proto": "protobuf",
    "py": "python",
    "rb": "ruby",
    "rs": "rust",
    "rst": "restructuredtext",
    "s": "gas",
    "service": "ini",  # Pygments' own lexer for units takes cubic time for blanks
    "sh": "bash",
    "socket": "ini",
    "spec": "spec",
    "sysconfig": "bash",
    "timer": "ini",
    "toml": "toml",
    "ts": "typescript",
    "xml": "xml",
    "y": "c",
    "yaml": "yaml",
    "yml": "yaml",
    **dict.fromkeys("12345678", "groff"),
}


def language_of(path: bytes) -> Language:
    """Return how to read a file, by its name alone; PLAIN where nothing is known."""
    return _language_of_name(decode(path.rpartition(b"/")[2]))


@lru_cache(maxsize=4096)
def _language_of_name(name: str) -> Language:
    name = name.removesuffix(".in")
    known = NAMES.get(name) or SUFFIXES.get(name.rpartition(".")[2] if "." in name else "")
    return _language(known) if known else PLAIN


@cache
def _language(known: str) -> Language:
    lexer = OWN_LEXERS[known]() if known in OWN_LEXERS else get_lexer_by_name(known)
    return Language(lexer, NESTINGS.get(known), names_functions=known in ("c", "cpp"))
