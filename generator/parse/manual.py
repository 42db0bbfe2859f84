"""Read a manual page written with the man macros: its parts as plain blocks, and the options that it describes.

What is read: TH, SH, SS, PP/P/LP, TP, RS/RE, the font macros B, I, BR, RB, BI, IB, IR, RI, and the escapes of
groff_man(7) that such pages use. Everything else that begins with a dot is left out; no macro is ever expanded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from generator.model.manuals import Item, Manual, Paragraph, Section, Span
from generator.model.options import Entry

LONGEST = 1 << 20  # characters
REQUEST_RE = re.compile(r"[.'][ \t]*(?P<name>[A-Za-z]{1,4})\b[ \t]*(?P<rest>.*)")
ARGUMENT_RE = re.compile(r'"((?:[^"]|"")*)"?|((?:\\.|[^\s\\])+)')
ESCAPE_RE = re.compile(r"\\(?:f(?P<font>\(..|\[[^\]]*\]|.)|(?P<special>\(..|\[[^\]]*\])|(?P<one>.))")
SPECIALS = {"-": "-", "e": "\\", " ": " ", "~": " ", "&": "", "%": "", "/": "", ",": "", "c": "", "|": "", "^": "",
            "'": "'", "`": "`", "(bu": "•", "(em": "-", "(en": "-", "(aq": "'", "(dq": '"', "(rs": "\\", "(co": "©",
            "(lq": '"', "(rq": '"', "[bu]": "•", "[aq]": "'", "[dq]": '"'}  # fmt: skip
FONTS = {"B": "b", "I": "i", "R": "", "P": "", "(CW": "b", "3": "b", "2": "i", "1": ""}
MACROS = {"B": ("b",), "SB": ("b",), "I": ("i",), "BR": ("b", ""), "RB": ("", "b"), "BI": ("b", "i"),
          "IB": ("i", "b"), "IR": ("i", ""), "RI": ("", "i")}  # fmt: skip
OPTION_RE = re.compile(r"--(?P<name>[a-z0-9][a-z0-9-]*)(?:=\s*(?P<value>[^)\s][^)]*))?")
LETTER_RE = re.compile(r"(?:^|\s)-(?P<letter>[A-Za-z])\b")


@dataclass(slots=True)
class _Writer:
    """Gathers blocks. What has no blank line or macro between is one paragraph."""

    sections: list[Section] = field(default_factory=list)
    title: str = ""
    spans: list[Span] = field(default_factory=list)
    blocks: list[Paragraph | Item] = field(default_factory=list)
    heading: tuple[str, int] = ("", 1)
    tag: tuple[Span, ...] | None = None
    tag_line: int = 0
    wants_tag: bool = False
    depth: int = 0
    start: int = 1

    def words(self, spans: tuple[Span, ...], line: int) -> None:
        if self.wants_tag:
            self.tag, self.tag_line, self.wants_tag = spans, line, False
            return
        if self.spans and spans:
            self.spans.append(Span(" "))
        elif not self.spans:
            self.start = line
        self.spans += spans

    def flush(self, *, ends_item: bool = False) -> None:
        """Close the paragraph; `ends_item` closes the item it belongs to too."""
        if self.spans:
            paragraph = Paragraph(tuple(self.spans), indent=self.depth)
            if self.tag is not None and isinstance(last := self._item(), Item):
                self.blocks[-1] = Item(last.tag, (*last.body, paragraph), indent=last.indent, line=last.line)
            else:
                self.blocks.append(paragraph)
            self.spans = []
        elif self.tag is not None:
            self._item()
        if ends_item:
            self.tag = None

    def _item(self) -> Item:
        """Return the item that is open; it is made when its first words come."""
        last = self.blocks[-1] if self.blocks else None
        if not isinstance(last, Item) or last.line != self.tag_line:
            last = Item(self.tag or (), (), indent=self.depth, line=self.tag_line)
            self.blocks.append(last)
        return last

    def section(self, name: str, line: int) -> None:
        self.flush(ends_item=True)
        if self.blocks or self.heading[0]:
            self.sections.append(Section(self.heading[0], tuple(self.blocks), self.heading[1]))
        self.heading, self.blocks, self.depth = (name, line), [], 0


def parse_manual(text: str) -> Manual:
    """Return a manual page by its sections."""
    writer = _Writer()
    for number, line in enumerate(text[:LONGEST].splitlines(), 1):
        if line.startswith(('.\\"', "'\\\"")):
            continue
        request = REQUEST_RE.fullmatch(line)
        if request:
            _request(writer, request["name"], request["rest"], number)
        elif not line.strip():
            writer.flush()
        elif not line.startswith("."):
            writer.words(tuple(_spans(line.strip(), "")), number)
    writer.section("", 0)
    return Manual(writer.title, tuple(writer.sections))


def _request(writer: _Writer, name: str, rest: str, line: int) -> None:
    arguments = [(quoted or bare).replace('""', '"') for quoted, bare in ARGUMENT_RE.findall(rest)]
    if name in MACROS:
        writer.words(tuple(_in_fonts(arguments, MACROS[name])), line)
    elif name == "TH":
        writer.title = f"{_plain(arguments[0])}({_plain(arguments[1])})" if len(arguments) > 1 else ""
    elif name in ("SH", "SS"):
        writer.section(_plain(" ".join(arguments)), line)
    elif name in ("PP", "P", "LP"):
        writer.flush(ends_item=True)
    elif name == "TP":
        writer.flush(ends_item=True)
        writer.wants_tag = True
    elif name in ("RS", "RE"):
        writer.flush(ends_item=True)
        writer.depth = max(0, min(9, writer.depth + (1 if name == "RS" else -1)))


def _in_fonts(arguments: list[str], fonts: tuple[str, ...]) -> Iterator[Span]:
    """Yield arguments in fonts by turns; those of a macro with one font stand apart."""
    if len(fonts) == 1:
        yield from _spans(" ".join(arguments), fonts[0])
        return
    for number, argument in enumerate(arguments):
        yield from _spans(argument, fonts[number % 2])


def _spans(text: str, font: str) -> Iterator[Span]:
    """Yield the spans of a line: escapes become what they stand for."""
    written, position, now = "", 0, font
    for match in ESCAPE_RE.finditer(text):
        written += text[position : match.start()]
        position = match.end()
        if match["font"] is None:
            written += SPECIALS.get(match["special"] or match["one"], "")
            continue
        if written:
            yield Span(written, now)
        written, now = "", FONTS.get(match["font"], now)
    if written + text[position:]:
        yield Span(written + text[position:], now)


def _plain(text: str) -> str:
    return "".join(span.text for span in _spans(text, ""))


def manual_entries(manual: Manual) -> tuple[Entry, ...]:
    """Return the options that a manual page describes: items whose tag names one.

    The part is the section, or the paragraph of one bold word that stands above indented items.
    """
    entries = []
    for section in manual.sections:
        heading = section.name
        for block in section.blocks:
            if isinstance(block, Paragraph):
                bold = "".join(span.text for span in block.spans).strip()
                heading = bold if all(span.font == "b" for span in block.spans) else heading
                continue
            tag = "".join(span.text for span in block.tag)
            letter = LETTER_RE.search(tag)
            for option in OPTION_RE.finditer(tag):
                entries.append(
                    Entry(
                        name=option["name"],
                        short=letter["letter"] if letter else "",
                        value=(option["value"] or "").strip().strip('"'),
                        text="\n\n".join("".join(span.text for span in part.spans) for part in block.body),
                        heading=heading,
                        line=block.line,
                    )
                )
    return tuple(entries)
