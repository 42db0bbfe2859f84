"""Pagefind's index made the same at every run.

Pagefind 1.5 writes the values of a filter, and the list of filters, in the order of a hash map that is seeded anew
each time; the names of the files that hold them follow from their bytes. We sort both and name the files anew. Its
files are gzip over a mark and CBOR (RFC 8949), of which it uses unsigned numbers, text and arrays here.
"""

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from generator.output.trees import walk

MARK = b"pagefind_dcd"
# Where the lists stand in the `pf_meta` array: of (file, words) of pages, (first word, last, file), (filter, file).
PAGES, CHUNKS, FILTERS = 1, 2, 3
# The files that a language has for itself; `wasm.unknown` is for all that have none.
OWN_RE = re.compile(r"\.pf_(?:meta|fragment|index|filter)$|^wasm\.(?!unknown\.)")


def sort_index(folder: Path) -> bool:
    """Sort what Pagefind leaves unsorted in its output folder, and remove what an index before left there.

    An index of another form is left as it is, and False returned.
    """
    entry_file = folder / "pagefind-entry.json"
    named = set()
    try:
        entry = json.loads(entry_file.read_text("utf-8"))
        for code, language in entry["languages"].items():
            language["hash"], files = _sort_language(folder, language["hash"])
            named |= {f"wasm.{code}.pagefind", *files}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False
    entry["languages"] = dict(sorted(entry["languages"].items()))
    entry_file.write_text(json.dumps(entry, separators=(",", ":"), ensure_ascii=False), "utf-8")
    for name in list(walk(folder)):
        if OWN_RE.search(name) and name not in named:
            (folder / name).unlink()
    return True


def _sort_language(folder: Path, name: str) -> tuple[str, set[str]]:
    """Sort one language's filters; return the new name of its `pf_meta`, and all files that belong to it."""
    old = folder / f"pagefind.{name}.pf_meta"
    meta = _read(old)
    language = name.rpartition("_")[0]
    meta[FILTERS] = sorted([title, _sort_filter(folder / "filter", file, language)] for title, file in meta[FILTERS])
    new, data = _named(language, meta, 10)
    old.unlink()
    (folder / f"pagefind.{new}.pf_meta").write_bytes(data)
    files = {
        f"pagefind.{new}.pf_meta",
        *(f"fragment/{page[0]}.pf_fragment" for page in meta[PAGES]),
        *(f"index/{chunk[2]}.pf_index" for chunk in meta[CHUNKS]),
        *(f"filter/{file}.pf_filter" for _, file in meta[FILTERS]),
    }
    return new, files


def _sort_filter(folder: Path, name: str, language: str) -> str:
    """Sort one filter's values; return the new name of its file."""
    old = folder / f"{name}.pf_filter"
    title, values = _read(old)
    new, data = _named(language, [title, sorted(values)], 7)
    old.unlink()
    (folder / f"{new}.pf_filter").write_bytes(data)
    return new


def _named(language: str, value: Any, digits: int) -> tuple[str, bytes]:
    data = MARK + encode(value)
    return f"{language}_{hashlib.sha256(data).hexdigest()[:digits]}", gzip.compress(data, mtime=0)


def _read(file: Path) -> Any:
    data = gzip.decompress(file.read_bytes())
    value, end = decode(data, len(MARK))
    if not data.startswith(MARK) or end != len(data):
        raise ValueError(f"{file.name} is not what Pagefind 1.5 writes")
    return value


NUMBER, TEXT, ARRAY = 0, 3, 4  # CBOR's major types


def encode(value: Any) -> bytes:
    """Return numbers, text and lists as CBOR."""
    if isinstance(value, int):
        return _head(NUMBER, value)
    if isinstance(value, str):
        return _head(TEXT, len(value.encode())) + value.encode()
    return _head(ARRAY, len(value)) + b"".join(map(encode, value))


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    power = next(power for power in range(4) if number < 1 << (8 << power))
    return bytes([kind << 5 | 24 + power]) + number.to_bytes(1 << power, "big")


def decode(data: bytes, at: int = 0) -> tuple[Any, int]:
    """Return the number, text or list at `at`, and where it ends. Raises ValueError for anything else."""
    kind, number = data[at] >> 5, data[at] & 31
    at += 1
    if 24 <= number < 28:
        width = 1 << (number - 24)
        number, at = int.from_bytes(data[at : at + width], "big"), at + width
    elif number >= 28:
        raise ValueError("CBOR of a length that is not said first")
    if kind == NUMBER:
        return number, at
    if kind == TEXT:
        return data[at : at + number].decode(), at + number
    if kind != ARRAY:
        raise ValueError(f"CBOR of the kind {kind}")
    items = []
    for _ in range(number):
        item, at = decode(data, at)
        items.append(item)
    return items, at
