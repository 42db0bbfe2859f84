"""Where everything stands in the site. The one place that makes names from outside safe to use as files."""

import hashlib
import re
from functools import lru_cache

ODD_RE = re.compile(rb"[^A-Za-z0-9._ -]")
LONGEST_NAME = 120
LONGEST_PATH = 1_000


@lru_cache(maxsize=1 << 14)  # a name is linked from many pages
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


@lru_cache(maxsize=64)
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


def manual_path(source: str) -> str:
    """Return the page of a source's manual."""
    return f"{source_path(source)}manual/index.html"


def files_path(source: str) -> str:
    """Return the list of all files; not inside `file/`, where a file named `index` has its history."""
    return f"{source_path(source)}files/index.html"


def deleted_path(source: str) -> str:
    """Return the list of the files that are no longer there."""
    return f"{source_path(source)}files/deleted.html"


PATCHES = "patches/index.html"
NOT_UPSTREAM = "patches/not-upstream.html"
TAKEN_COLLECTION_RE = re.compile(r"by|droppable|.*\.atom")
TAKEN_PATCH_RE = re.compile(r"index|(?:series|thread)(?:-v\d+)?|v\d+-v\d+")


def collection_folder(collection: str) -> str:
    """Return the folder of a patch collection."""
    return f"patches/{_apart(slug(collection), TAKEN_COLLECTION_RE)}/"


def collection_path(collection: str) -> str:
    """Return a collection's page."""
    return f"{collection_folder(collection)}index.html"


def patch_page_path(collection: str, patch: str) -> str:
    """Return the page of a patch of a collection; a big diff goes on on parts of it, see `list_part_path`."""
    return f"{collection_folder(collection)}{_patch_slug(patch)}.html"


def patch_mail_path(collection: str, patch: str) -> str:
    """Return a patch's `git am` mail."""
    return f"{collection_folder(collection)}{_inert(_patch_slug(patch))}.mbox"


def _patch_slug(patch: str) -> str:
    """Return a patch's slug; the `#` before the number of a mail becomes `~m`, which no other slug has."""
    return _apart(slug(patch).replace("~23", "~m"), TAKEN_PATCH_RE)


def _apart(text: str, taken: re.Pattern[str]) -> str:
    """Return a slug that meets no name of ours: a letter or digit never stands encoded in another slug."""
    return f"~{ord(text[0]):02x}{text[1:]}" if taken.fullmatch(text) else text


def received_path(collection: str, file: str) -> str:
    """Return the download of a file as received, under its own name where that name is harmless.

    A name whose ending says nothing, or says something that a browser would show, ends in `~.txt`.
    """
    text = _inert(slug(file))
    _, dot, ending = text.rpartition(".")
    kept = dot and ending.lower() in HARMLESS_ENDINGS
    return f"{collection_folder(collection)}received/{text}{'' if kept else '~.txt'}"


HARMLESS_ENDINGS = frozenset({"patch", "diff", "debdiff", "dpatch", "mbox", "txt", "gz", "xz", "bz2", "bundle"})


def _inert(text: str) -> str:
    """Return a slug in which no ending makes a server run or show the file: some look at more than the last one."""
    return ACTING_RE.sub("~2e", text)


ACTING_RE = re.compile(
    r"\.(?=(?:[xs]?html?|xht|mht|mhtml|hta|svgz?|xml|xslt?|rdf|rss|atom|m?js|css|swf|pdf|wasm|var"
    r"|php\d*|phtml|phar|cgi|fcgi|pl|py|rb|sh|lua|aspx?|jspx?)(?:\.|$))",
    re.IGNORECASE,
)


def received_sums_path(collection: str) -> str:
    """Return the sums of the files as received, beside them."""
    return f"{collection_folder(collection)}received/SHA256SUMS"


def series_path(collection: str, file: str, version: int = 0) -> str:
    """Return a series as one file: `series.mbox`, `series.tar.gz`, `thread.mbox`; an older version has a number."""
    stem, _, ending = file.partition(".")
    return f"{collection_folder(collection)}{stem}{f'-v{version}' if version else ''}.{ending}"


def sums_path(collection: str) -> str:
    """Return the sums of a collection's mails and series."""
    return f"{collection_folder(collection)}SHA256SUMS"


def range_diff_path(collection: str, older: int, newer: int) -> str:
    """Return the page that compares two versions of a series."""
    return f"{collection_folder(collection)}v{older}-v{newer}.html"


def target_path(package: str, version: str) -> str:
    """Return the list of patches for one version of a package."""
    return f"patches/by/target/{slug(package)}/{slug(version)}.html"


def distribution_path(name: str) -> str:
    """Return the list of patches that a distribution carries."""
    return f"patches/by/distribution/{slug(name)}.html"


def status_path(status: str) -> str:
    """Return the list of patches of one status, such as `upstream`."""
    return f"patches/by/status/{slug(status)}.html"


def droppable_path(source: str, tag: str) -> str:
    """Return the list of patches that are upstream since a release."""
    return f"patches/droppable/{slug(source)}/{slug(tag)}.html"


def patches_feed_path(kind: str) -> str:
    """Return an Atom feed of patches, `all` or `not-upstream`."""
    return f"patches/{kind}.atom"
