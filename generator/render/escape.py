"""The only place that turns text from outside into HTML."""

import html
import re

# Control characters, what is unseen or turns the direction of text (tags included), and what is no character at all.
ODD_RE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f"
    "\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)


def esc(text: str) -> str:
    """Return `text` as HTML that is safe in content and in a quoted attribute.

    Markup is escaped. Control characters, bidi controls and bytes that were not UTF-8 (surrogate escapes)
    become visible `\\xNN` or `\\u{NNNN}` marks, so that nothing is lost and nothing acts. Tab and newline stay.
    """
    if not text.isprintable():
        text = ODD_RE.sub(_mark, text)
    return html.escape(text)


def esc_text(text: str) -> str:
    """Return `text` as `esc` does, but for content alone: quotes, of which code is full, stay as they are."""
    if not text.isprintable():
        text = ODD_RE.sub(_mark, text)
    return html.escape(text, quote=False)


def _mark(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:04x}}}"


def decode(data: bytes) -> str:
    """Return bytes from git as text; bytes that are not UTF-8 stay as surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")
