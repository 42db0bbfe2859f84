"""Where everything stands in the site. The one place that makes names from outside safe to use as files."""

import hashlib
import re

ODD_RE = re.compile(rb"[^A-Za-z0-9._ -]")
LONGEST_NAME = 120
LONGEST_PATH = 1_000


def slug(name: str) -> str:
    """Return a name as one safe path component. Different names have different slugs, by construction.

    Letters, digits, `.`, `_` and `-` stay, a space becomes `+`, every other byte of the UTF-8 becomes `~` and two
    hexadecimal digits. So does a dot at the beginning and the one of a final `.html`, so that nothing is hidden or
    leads upwards, and a folder never meets a page. A name too long for a file system ends in `~~` and its hash.
    """
    data = name.encode("utf-8", "surrogateescape")
    text = ODD_RE.sub(lambda match: b"~%02x" % match[0][0], data).decode().replace(" ", "+")
    if text.startswith("."):
        text = f"~2e{text[1:]}"
    if text.endswith(".html"):
        text = f"{text[:-5]}~2ehtml"
    if len(text) > LONGEST_NAME:
        text = f"{text[:80]}~~{hashlib.sha256(data).hexdigest()[:20]}"
    return text or "~"


def slug_path(path: str) -> str:
    """Return the slugs of a slash separated path's components; a path too long for a file system ends in its hash."""
    text = "/".join(slug(part) for part in path.split("/"))
    if len(text) <= LONGEST_PATH:
        return text
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return f"{text[:LONGEST_PATH].rpartition('/')[0]}/~~{digest}"


def source_path(source: str) -> str:
    """Return the folder of a git source."""
    return f"git/{slug(source)}/"


def commit_path(source: str, sha: str) -> str:
    """Return a commit's page; the patch and the diff stand beside it with their own endings."""
    return f"{source_path(source)}commit/{sha}.html"


def patch_path(source: str, sha: str) -> str:
    """Return a commit's `git am` mail."""
    return f"{source_path(source)}commit/{sha}.patch"


def diff_path(source: str, sha: str) -> str:
    """Return a commit's bare diff."""
    return f"{source_path(source)}commit/{sha}.diff"


def bundle_path(source: str, sha: str) -> str:
    """Return a merge's git bundle."""
    return f"{source_path(source)}commit/{sha}.bundle"


def part_path(source: str, sha: str, part: int) -> str:
    """Return a page of a commit's diff: the first is the commit's own, a big diff goes on on further ones."""
    return commit_path(source, sha) if part == 1 else f"{source_path(source)}commit/{sha}-{part}.html"


def log_path(source: str, year: int) -> str:
    """Return the log of one year."""
    return f"{source_path(source)}log/{year}/index.html"


def release_path(source: str, tag: str) -> str:
    """Return a release's page."""
    return f"{source_path(source)}release/{slug(tag)}/index.html"


def architecture_path(source: str, architecture: str) -> str:
    """Return the commits that touch one architecture."""
    return f"{source_path(source)}arch/{slug(architecture)}/index.html"


def author_path(source: str, name: str) -> str:
    """Return the commits of one author."""
    return f"{source_path(source)}author/{slug(name)}/index.html"


def history_path(source: str, path: str) -> str:
    """Return the history of one file."""
    return f"{source_path(source)}file/{slug_path(path)}.html"


def tree_path(source: str, ref: str, folder: str = "") -> str:
    """Return the listing of a folder at a ref; `folder` without slashes around it, "" for the root."""
    inner = f"{slug_path(folder)}/" if folder else ""
    return f"{source_path(source)}tree/{slug(ref)}/{inner}index.html"


def blob_path(source: str, blob: str) -> str:
    """Return the page of one blob: the same content has one page, whatever its names."""
    return f"{source_path(source)}blob/{blob}.html"


def snapshot_path(source: str, name: str) -> str:
    """Return a downloadable archive, checksum or signature of a release."""
    return f"{source_path(source)}download/{slug(name)}"


def feed_path(source: str, kind: str) -> str:
    """Return an Atom feed, `commits` or `releases`."""
    return f"{source_path(source)}{kind}.atom"


def list_part_path(path: str, number: int) -> str:
    """Return the page of part `number` of the list at `path`, beside it.

    In a slug two hexadecimal digits or a tilde follow a tilde, so a part never meets a page named from outside.
    """
    folder, slash, name = path.rpartition("/")
    stem = "" if name == "index.html" else name.removesuffix(".html")
    return f"{folder}{slash}{stem}~p{number}.html"


def raw_path(source: str, blob: str, binary: bool) -> str:
    """Return the download of a blob. The ending decides how it is served: never as HTML."""
    return f"{source_path(source)}blob/{blob}.{'bin' if binary else 'txt'}"


def files_path(source: str) -> str:
    """Return the list of all files; not inside `file/`, where a file named `index` has its history."""
    return f"{source_path(source)}files/index.html"


def deleted_path(source: str) -> str:
    """Return the list of the files that are no longer there."""
    return f"{source_path(source)}files/deleted.html"
