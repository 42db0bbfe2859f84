"""A look at a finished site: every internal link leads somewhere, ids are unique, checksums are right."""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from generator.errors import OutputError

# Attribute values as the portal writes them: quoted, or unquoted without white space.
ATTRIBUTE_RE = re.compile(r"""\s(id|href|src)=(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
TAG_RE = re.compile(r"<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
SUM_RE = re.compile(r"([0-9a-f]{64})  (\S+)")


@dataclass(slots=True)
class Result:
    """What a look found; problems as `file: what is wrong`."""

    files: int = 0
    links: int = 0
    problems: list[str] = field(default_factory=list)


def check_site(site: Path, say: Callable[[str], None]) -> Result:
    """Look at every page of a site. Raises OutputError when there is none."""
    if not (site / "index.html").is_file():
        raise OutputError(f"{site}: holds no built site: run `kdump-portal build` first, or name its folder")
    files = {file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file()}
    result = Result(files=len(files))
    anchors: dict[str, set[str]] = {}
    wanted: list[tuple[str, str, str]] = []
    for number, path in enumerate(sorted(name for name in files if name.endswith(".html"))):
        text = (site / path).read_text("utf-8")
        ids, targets = _read(text)
        anchors[path] = set(ids)
        result.problems += [
            f"{path}: id {name!r} is there {count} times" for name, count in Counter(ids).items() if count > 1
        ]
        wanted += [(path, *target) for target in _inside(path, targets)]
        if number % 1000 == 999:
            say(f"{number + 1:,} pages read")
    result.links = len(wanted)
    result.problems += _dead(wanted, files, anchors)
    result.problems += [
        problem for path in sorted(files) if path.endswith("SHA256SUMS") for problem in _sums(site, path)
    ]
    return result


def _read(text: str) -> tuple[list[str], set[str]]:
    """Return the ids and the distinct link targets of a page."""
    ids: list[str] = []
    targets: set[str] = set()
    for tag in TAG_RE.findall(text):
        for name, *values in ATTRIBUTE_RE.findall(tag):
            value = next((value for value in values if value), "")
            if name == "id":
                ids.append(value)
            else:
                targets.add(unescape(value))
    return ids, targets


def _inside(path: str, targets: set[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, anchor) of the targets that lie in the site."""
    for target in targets:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or (path == "404.html" and target.startswith("/")):
            continue
        inner = unquote(parts.path)
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), inner)) if inner else path
        if inner.endswith("/") or joined == ".":
            joined = posixpath.normpath(posixpath.join(joined, "index.html"))
        yield joined, unquote(parts.fragment)


def external_links(site: Path, paths: Sequence[str]) -> dict[str, list[str]]:
    """Return the http(s) addresses that pages link to, without fragments, and on which of `paths` each stands."""
    found: dict[str, list[str]] = {}
    for path in paths:
        file = site / path
        if not file.is_file():
            continue
        for target in sorted({urldefrag(target).url for target in _read(file.read_text("utf-8"))[1]}):
            if target.startswith(("https://", "http://")):
                found.setdefault(target, []).append(path)
    return found


def _dead(wanted: list[tuple[str, str, str]], files: set[str], anchors: dict[str, set[str]]) -> Iterator[str]:
    for page, target, anchor in wanted:
        if target not in files:
            yield f"{page}: links to {target}, which is not there"
        elif anchor and target in anchors and anchor not in anchors[target]:
            yield f"{page}: links to {target}#{anchor}, which has no such id"


def _sums(site: Path, path: str) -> Iterator[str]:
    folder = (site / path).parent
    for number, line in enumerate((site / path).read_text("utf-8").splitlines(), 1):
        match = SUM_RE.fullmatch(line)
        if not match or "/" in match[2]:
            yield f"{path}:{number}: not a line of `sha256sum`"
        elif not (folder / match[2]).is_file():
            yield f"{path}:{number}: {match[2]} is not there"
        elif hashlib.sha256((folder / match[2]).read_bytes()).hexdigest() != match[1]:
            yield f"{path}:{number}: {match[2]} has another SHA-256"
