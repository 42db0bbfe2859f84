"""Bytes from outside as text: what is no text becomes U+FFFD, terminal sequences go, and a note says so."""

import codecs
import hashlib
import re

from generator.parse.evidence import CONTROL_RE

LONGEST = 1_000  # characters of a line
BLOCK_BYTES = 1 << 20
REPLACEMENT = "\ufffd"

# ECMA-48: colours and cursor movements. Nothing that a closing tag could be part of.
SEQUENCE_RE = re.compile(r"\x1b\[[0-9;:?]{0,64}[@-~]|\x1b\][^\x07\x1b<>\n]{0,256}(?:\x07|\x1b\\)")
NO_TEXT_RE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def repair(data: bytes, *, encoding: str = "utf-8") -> tuple[bytes, tuple[str, ...]]:
    """Return the text as UTF-8 bytes, and notes on what was repaired. It never fails; `encoding` must be known."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    blocks, replaced, removed = [], 0, 0
    for at in range(0, len(data), BLOCK_BYTES):
        text = decoder.decode(data[at : at + BLOCK_BYTES], at + BLOCK_BYTES >= len(data))
        text, sequences = SEQUENCE_RE.subn("", text)
        text = NO_TEXT_RE.sub(REPLACEMENT, text)
        removed += sequences
        replaced += text.count(REPLACEMENT)
        blocks.append(text.encode())
    replaced -= data.count(REPLACEMENT.encode()) if encoding == "utf-8" else 0
    return b"".join(blocks), _notes(replaced, removed)


def _notes(replaced: int, removed: int) -> tuple[str, ...]:
    notes = []
    if replaced > 0:
        notes.append(f"repaired: {replaced:,} {'byte is' if replaced == 1 else 'bytes are'} no text, shown as U+FFFD")
    if removed:
        notes.append(f"repaired: {removed:,} terminal {'sequence' if removed == 1 else 'sequences'} left out")
    return tuple(notes)


def one_line(text: str) -> str:
    """Return a name or a note as one line of at most 1,000 characters; of a longer one its hash keeps it apart."""
    line = CONTROL_RE.sub(REPLACEMENT, " ".join(text.split()))
    if len(line) <= LONGEST:
        return line
    digest = hashlib.sha256(line.encode()).hexdigest()[:16]
    return f"{line[: LONGEST - 20]}… {digest}"
