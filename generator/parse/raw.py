"""Read git's raw diff format (git-diff-index(1), "RAW OUTPUT FORMAT")."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.errors import ParseError
from generator.parse.diff import unquote_path


@dataclass(frozen=True, slots=True)
class RawChange:
    """One changed path as the two trees have it. Modes are octal text, blobs full names."""

    status: str
    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    old_path: bytes
    path: bytes

    def results(self) -> Iterator[tuple[bytes, tuple[str, str] | None]]:
        """Yield what stands at each path afterwards: (mode, blob), or None where nothing does."""
        if self.status in ("D", "R"):
            yield self.old_path, None
        if self.status != "D":
            yield self.path, (self.new_mode, self.new_blob)


def parse_raw(data: bytes, *, source: str, start: int = 0) -> tuple[tuple[RawChange, ...], int]:
    """Read the raw lines at `start` and the empty line behind them; return them and where they end.

    A merge's combined lines (`::`) are passed over. Raises ParseError for a line that is not whole.
    """
    changes = []
    at = start
    while data.startswith(b":", at):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        if not data.startswith(b"::", at):
            changes.append(_change(data[at:end], source))
        at = min(end + 1, len(data))
    if at > start and data.startswith(b"\n", at):
        at += 1
    return tuple(changes), at


def _change(line: bytes, source: str) -> RawChange:
    facts, *names = line.split(b"\t")
    words = facts[1:].decode("ascii", "replace").split()
    if len(words) != 5 or not names:
        raise ParseError(source, 1, f"not a raw diff line: {line[:80]!r}")
    paths = [unquote_path(name) for name in names]
    return RawChange(words[4][0], *words[:4], paths[0], paths[-1])
