"""Files through time: each file's history across renames, what stands where, which architectures a commit touches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from generator.model.commits import Change, Commit, CommitRecord
from generator.model.files import BlobFacts, Departure, FileHistory, Folder, Listing, Place, Tree, TreeEntry

# Folders deeper than this have no page: what is in them is listed on the page of the last one that has.
# The real depths are below 15; a path of two thousand folders would make pages of two thousand crumbs each.
DEPTH_LIMIT = 32
BINARY_PROBE_BYTES = 8_000  # as git's own guess


class FileHistories(Mapping[str, FileHistory]):
    """Each path's history, for every path ever touched, newest commit first.

    Kept as linked lists that share their older ends, so that memory grows with the changes, not with the renames.
    """

    def __init__(self, newest: Mapping[str, tuple]) -> None:
        self._newest = newest

    def __getitem__(self, path: str) -> FileHistory:
        return tuple(_entries(self._newest[path]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._newest)

    def __len__(self) -> int:
        return len(self._newest)

    def newest(self, path: str) -> str:
        """Return the newest commit of a path's history, "" when the path was never touched."""
        node = self._newest.get(path)
        return node[0] if node else ""


def file_histories(commits: Sequence[Commit], records: Mapping[str, CommitRecord], head: str) -> FileHistories:
    """Follow every file backwards through its renames, as `git log --follow` does.

    `commits` are newest first, children before parents. A history holds every commit that touches the file's name
    at that point of the walk; a rename changes the name, a copy does not. Commits that `head` does not hold count
    only for paths that its own commits never touched.
    """
    inside = reachable(commits, head)
    newest: dict[str, tuple] = {}
    if len(inside) < len(commits):
        _walk(newest, reversed(commits), records)
    mine: dict[str, tuple] = {}
    _walk(mine, reversed(inside), records)
    return FileHistories(newest | mine)


def _walk(newest: dict[str, tuple], oldest_first: Iterable[Commit], records: Mapping[str, CommitRecord]) -> None:
    """Prepend each commit to the histories it belongs to. A node is (commit, path, older node or None)."""
    for commit in oldest_first:
        changes = records[commit.sha].changes
        before = {path: newest.get(path) for path in _touched(changes)}
        for path, older in before.items():
            newest[path] = (commit.sha, path, older)
        for change in changes:
            if change.status == "R":
                newest[change.path] = (commit.sha, change.path, before[change.old_path])


def _touched(changes: Iterable[Change]) -> Iterator[str]:
    """Yield every path that changes: those renamed away too, but not what was only copied from."""
    for change in changes:
        yield change.path
        if change.status == "R":
            yield change.old_path


def _entries(node: tuple | None) -> Iterator[tuple[str, str]]:
    while node:
        sha, path, node = node
        yield sha, path


def reachable(commits: Sequence[Commit], head: str) -> list[Commit]:
    """Return the commits that `head` holds, in the order given, which must have children before parents."""
    wanted = {head}
    found = []
    for commit in commits:
        if commit.sha in wanted:
            wanted.update(commit.parents)
            found.append(commit)
    return found


def departures(commits: Sequence[Commit], records: Mapping[str, CommitRecord], head: str) -> dict[str, Departure]:
    """Return when each path last went away, for every path that ever did; it may have come back since.

    What happened in `head`'s own past counts before what happened elsewhere.
    """
    inside = reachable(commits, head)
    gone: dict[str, Departure] = {}
    for commit in (*reversed(commits), *reversed(inside)):
        for change in records[commit.sha].changes:
            if change.status == "D":
                gone[change.path] = Departure(commit.sha, "")
            elif change.status == "R":
                gone[change.old_path] = Departure(commit.sha, change.path)
    return gone


def copies(commits: Iterable[Commit], records: Mapping[str, CommitRecord]) -> dict[str, tuple[str, str]]:
    """Return (commit, origin) of each path that began as a copy; `commits` newest first, the newest copy counts."""
    found: dict[str, tuple[str, str]] = {}
    for commit in commits:
        for change in records[commit.sha].changes:
            if change.status == "C":
                found.setdefault(change.path, (commit.sha, change.old_path))
    return found


def list_files(tree: Tree, commits: Sequence[Commit], records: Mapping[str, CommitRecord]) -> Listing:
    """Work out the folders of a tree and what last touched everything in it."""
    return Listing(tree, folders_of(tree.entries), last_touched(reachable(commits, tree.commit), records))


def last_touched(newest_first: Iterable[Commit], records: Mapping[str, CommitRecord]) -> dict[str, str]:
    """Return the first of the commits that touched each path or, for a folder, anything below it."""
    touched: dict[str, str] = {}
    for commit in newest_first:
        for path in _touched(records[commit.sha].changes):
            if path not in touched:
                touched[path] = commit.sha
                _touch_folders(touched, folder_of(path), commit.sha)
    return touched


def _touch_folders(touched: dict[str, str], folder: str, sha: str) -> None:
    """Mark a folder and its parents, up to the first that is marked: those above it are then too."""
    while folder not in touched:
        touched[folder] = sha
        if not folder:
            return
        folder = parent_of(folder)


def folder_of(path: str) -> str:
    """Return the folder on whose page an entry stands: its own, or the last above it that has a page."""
    return "/".join(path.split("/")[:-1][:DEPTH_LIMIT])


def parent_of(folder: str) -> str:
    """Return the folder around a folder, "" for the root."""
    return folder.rpartition("/")[0]


def folders_of(entries: Iterable[TreeEntry]) -> dict[str, Folder]:
    """Sort entries into folders and add up what is below each; parents come before children."""
    inside: dict[str, list[TreeEntry]] = {"": []}
    for entry in entries:
        folder = folder_of(entry.path)
        inside.setdefault(folder, []).append(entry)
        while folder and (folder := parent_of(folder)) not in inside:
            inside[folder] = []
    below: dict[str, list[str]] = {folder: [] for folder in inside}
    for folder in sorted(inside):
        if folder:
            below[parent_of(folder)].append(folder)
    return _summed(inside, below)


def _summed(inside: dict[str, list[TreeEntry]], below: dict[str, list[str]]) -> dict[str, Folder]:
    order = sorted(inside, key=lambda folder: (folder.count("/") if folder else -1, folder))
    done: dict[str, Folder] = {}
    for path in reversed(order):
        folders, entries = [done[folder] for folder in below[path]], inside[path]
        done[path] = Folder(
            path=path,
            folders=tuple(below[path]),
            entries=tuple(entries),
            files=len(entries) + sum(folder.files for folder in folders),
            size_bytes=sum(item.size_bytes for item in (*entries, *folders)),
        )
    return {path: done[path] for path in order}


def places(listings: Iterable[Listing]) -> dict[str, tuple[Place, ...]]:
    """Return where each blob stands, in the order of the listings: give the head's first."""
    found: dict[str, list[Place]] = {}
    for listing in listings:
        for entry in listing.tree.entries:
            if not entry.is_submodule:
                place = Place(listing.tree.ref, entry.path, entry.mode, listing.touched.get(entry.path, ""))
                found.setdefault(entry.blob, []).append(place)
    return {blob: tuple(standing) for blob, standing in found.items()}


README_NAMES = ("readme", "readme.md", "readme.rst", "readme.txt", "readme.adoc", "readme.org")


def readme_of(listing: Listing) -> TreeEntry | None:
    """Return the README of a tree's root, the plainest where there are several."""
    ranks = {name: rank for rank, name in enumerate(README_NAMES)}
    found = [
        entry
        for entry in listing.folders[""].entries
        if entry.path.lower() in ranks and entry.mode.startswith("100") and entry.size_bytes
    ]
    return min(found, key=lambda entry: (ranks[entry.path.lower()], entry.path), default=None)


def is_binary(data: bytes) -> bool:
    """Guess as git does: a NUL in the first 8,000 bytes."""
    return b"\0" in data[:BINARY_PROBE_BYTES]


def blob_facts(data: bytes, language: str = "", *, is_link: bool = False) -> BlobFacts:
    """Count and describe a blob. `is_link`: it stands somewhere as a symbolic link."""
    if is_binary(data):
        return BlobFacts(size_bytes=len(data), lines=0, binary=True)
    ends_open = bool(data) and not data.endswith(b"\n")
    return BlobFacts(
        size_bytes=len(data),
        lines=data.count(b"\n") + ends_open,
        binary=False,
        language=language,
        line_ends=_line_ends(data),
        ends_open=ends_open,
        target=data.decode("utf-8", "surrogateescape") if is_link else "",
    )


def _line_ends(data: bytes) -> str:
    pairs = data.count(b"\r\n")
    if not pairs:
        return ""
    return "CRLF" if pairs == data.count(b"\n") else "mixed"


# What kexec-tools, makedumpfile, crash and the kernel call their architectures, and other names for the same.
ARCHITECTURES = frozenset(
    (
        "alpha",
        "arc",
        "arm",
        "arm64",
        "avr32",
        "blackfin",
        "c6x",
        "cris",
        "csky",
        "frv",
        "h8300",
        "hexagon",
        "hppa",
        "i386",
        "ia64",
        "loongarch",
        "m32r",
        "m68k",
        "microblaze",
        "mips",
        "mn10300",
        "nios2",
        "openrisc",
        "powerpc",
        "ppc",
        "ppc64",
        "riscv",
        "s390",
        "sh",
        "sparc",
        "sparc64",
        "tile",
        "um",
        "unicore32",
        "x86",
        "x86_64",
        "xtensa",
    )
)
ALIASES = {
    "aarch64": "arm64",
    "amd64": "x86_64",
    "i486": "i386",
    "i586": "i386",
    "i686": "i386",
    "loongarch64": "loongarch",
    "mips64": "mips",
    "parisc": "hppa",
    "ppc64le": "ppc64",
    "riscv32": "riscv",
    "riscv64": "riscv",
    "s390x": "s390",
    "sh64": "sh",
    "superh": "sh",
    "x86-64": "x86_64",
}


def architectures(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the architectures that paths belong to, sorted: what follows a folder `arch`, with or without ending."""
    found = set()
    for path in paths:
        if "arch/" in path:
            found.update(_architecture(name) for folder, name in pairwise(path.split("/")) if folder == "arch")
    return tuple(sorted(found - {""}))


def _architecture(name: str) -> str:
    name = name.partition(".")[0].lower()
    name = ALIASES.get(name, name)
    return name if name in ARCHITECTURES else ""
