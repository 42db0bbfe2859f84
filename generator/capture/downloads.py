"""The tool as the site gives it away: the file under two names, its sums, and what its page says of them."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from generator.capture.assemble import FOLDER, assemble_tool, tool_version
from generator.model.pages import Asset

PLACE = "capture"
NAME = "kdump-capture"
MARK_RE = re.compile(r"^<!-- capture-tool: (?P<what>download|changes) -->$", re.MULTILINE)
# A signature is made elsewhere, by who holds the key, and laid beside the page; MkDocs copies it.
SIGNATURES = {"asc": "OpenPGP", "minisig": "minisign", "sig": "ssh"}


def tool_outputs() -> Iterator[Asset]:
    """Yield the tool under the name that stays, under that of its version, and their sums."""
    tool = assemble_tool().encode()
    for name in names():
        yield Asset(path=f"{PLACE}/{name}", body=(tool,))
    digest = hashlib.sha256(tool).hexdigest()
    yield Asset(path=f"{PLACE}/SHA256SUMS", body=("".join(f"{digest}  {name}\n" for name in names()).encode(),))


def names() -> tuple[str, str]:
    """Return the names of the file: the one that always is the newest, and the one of this version."""
    return NAME, f"{NAME}-{tool_version()}"


def fill_in_tool(markdown: str, folder: Path) -> str:
    """Return a page's Markdown with what it asks for; `folder` is where signatures lie."""

    def said(match: re.Match[str]) -> str:
        return _download(folder) if match["what"] == "download" else _changes()

    return MARK_RE.sub(said, markdown)


def _download(folder: Path) -> str:
    tool = assemble_tool().encode()
    stable, versioned = names()
    signatures = [
        _link(f"{versioned}.{suffix}", kind)
        for suffix, kind in SIGNATURES.items()
        if (folder / f"{versioned}.{suffix}").is_file()
    ]
    rows = (
        ("Version", f"<code>{tool_version()}</code>"),
        ("File", f"{_link(stable)}, the same as {_link(versioned)}; {len(tool):,} bytes"),
        ("SHA-256", f"<code>{hashlib.sha256(tool).hexdigest()}</code> ({_link('SHA256SUMS')})"),
        ("Signed", ", ".join(signatures) or "none yet: no key has been named for this tool"),
    )
    facts = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    return f'<dl class="facts">{facts}</dl>'


def _link(name: str, text: str = "") -> str:
    """As HTML: MkDocs would look for a document of that name."""
    return f'<a href="{name}">{text or name}</a>'


def _changes() -> str:
    return (FOLDER / "CHANGES.md").read_text("utf-8").strip()
