"""Series of patches in a real repository: versions that were reordered, reworded, changed, and taken back in time."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from world import Content, Repository, git

from generator.model.commits import Commit, Person, Stamp
from generator.model.patches import Collection, Patch, Target
from generator.parse.diff import parse_diff
from generator.relate.fingerprints import fingerprint
from generator.relate.matching import Entry, Index
from generator.relate.patch_ids import patch_id

FORMAT = "%H%x00%an%x00%ae%x00%s%x00%b"
STAMP = Stamp(1_700_000_000, "+0000")
Step = tuple[str, Mapping[str, Content]]  # a commit's message and what it changes


def program(*marks: str) -> bytes:
    """Return a C file of functions, one for each mark: far enough from each other to be changed one by one."""
    return "".join(
        f"static int {mark}_size(struct {mark} *{mark})\n{{\n\tint total_{mark} = 0;\n\n"
        f"\tfor (int i = 0; i < {mark}->count; i++)\n\t\ttotal_{mark} += {mark}->sizes[i];\n"
        f"\treturn total_{mark};\n}}\n\n"
        for mark in marks
    ).encode()


def edited(data: bytes, *pairs: tuple[str, str]) -> bytes:
    """Return data with texts replaced, each of which must be there."""
    for old, new in pairs:
        assert old.encode() in data
        data = data.replace(old.encode(), new.encode())
    return data


def branch(repository: Repository, base: str, steps: Iterable[Step]) -> str:
    """Commit steps on top of a commit; return the last one."""
    at = base
    for message, changes in steps:
        at = repository.commit(message, changes, parents=[at])
    return at


def commits(repository: Repository, names: str) -> tuple[Commit, ...]:
    """Return the commits of a range, newest first."""
    rows = repository.git("log", "-z", f"--format={FORMAT}%x01", names).split("\x01")
    return tuple(_commit(*row.lstrip("\0").split("\0")) for row in rows if row.strip("\0\n"))


def _commit(sha: str, name: str, email: str, subject: str, body: str) -> Commit:
    author = Person(name, email)
    return Commit(
        sha=sha.strip(), tree="", parents=(), author=author, authored=STAMP, committer=author, committed=STAMP,
        subject=subject, body=body, trailers=(),
    )  # fmt: skip


def files_of(repository: Repository, sha: str, *options: str):
    """Return the files of a commit's diff."""
    command = ("diff-tree", "-r", "-p", "--root", "--no-commit-id", "--full-index", "--binary", "-M", *options, sha)
    return parse_diff(git(repository.folder, *command) + b"\n", source=sha)[0]


def patches(repository: Repository, names: str, **more) -> tuple[Patch, ...]:
    """Return the commits of a range as patches, in the order in which they apply."""
    found = reversed(commits(repository, names))
    return tuple(
        Patch(
            name=f"{number:04}.patch", sha256="", size_bytes=0, form="mail", data=b"", subject=commit.subject,
            author=commit.author, message=commit.body, files=files_of(repository, commit.sha), number=number, **more,
        )
        for number, commit in enumerate(found, 1)
    )  # fmt: skip


def index(repository: Repository, names: str = "main", source: str = "kexec", reverted: Iterable[str] = ()) -> Index:
    """Return the index of a range; the first release with a commit is called after it."""
    found = commits(repository, names)
    entries = []
    for commit in found:
        files = files_of(repository, commit.sha)
        paths = tuple(file.path.decode() for file in files)
        entries.append(Entry(commit, patch_id(files), fingerprint(files), paths))
    return Index(source, entries, {commit.sha: f"tag of {commit.subject}" for commit in found}, reverted)


def collection(name: str, held: Iterable[Patch], **more) -> Collection:
    """Return a collection for the source `kexec`."""
    more = {"kind": "distribution", "distribution": "Debian 12", "title": name} | more
    target = more.pop("target", Target(source="kexec", tag="v1", package="kexec-tools", version="1"))
    return Collection(name=name, target=target, patches=tuple(held), **more)


MAIN, ELF = program("alpha", "beta", "gamma", "delta"), program("elf", "note", "phdr")
DOC = b"kexec loads a kernel.\n\nIt takes options.\n"


def versions(folder: Path) -> tuple[Repository, dict[str, str]]:
    """Return a repository and the range of each version of one series.

    v2 reorders, rewords one, changes one, drops one and adds one; v3 stands on a base whose code around it changed.
    """
    repository = Repository(folder)
    base = repository.commit("base", {"main.c": MAIN, "elf.c": ELF, "doc.txt": DOC, "Makefile": b"CFLAGS = -O1\n"})
    alpha = ("return total_alpha;", "return total_alpha + page_size();")
    note = ("total_note += note->sizes[i];", "total_note += align_up(note->sizes[i], 4);")
    first = {"main.c": edited(MAIN, alpha)}
    second = {"elf.c": edited(ELF, note)}
    third = {"doc.txt": DOC + b"\n--debug prints what is loaded.\n"}
    v1 = branch(repository, base, [
        ("main: count the page\n\nIt was forgotten.\n", first), ("elf: align notes\n", second),
        ("doc: describe --debug\n", third), ("make: optimize\n", {"Makefile": b"CFLAGS = -O2\n"}),
    ])  # fmt: skip
    v2 = branch(repository, base, [
        ("elf: align notes\n\nThe format asks for it.\n", second),
        ("main: count the page\n\nIt was forgotten.\n", first),
        ("doc: describe --debug\n", {"doc.txt": DOC + b"\n--debug prints what is loaded,\nand where it is put.\n"}),
        ("test: try the notes\n", {"test.sh": b"#!/bin/sh\nkexec --debug --load vmlinuz || exit 1\n"}),
    ])  # fmt: skip
    moved_main = edited(
        MAIN, ("int total_alpha = 0;", "size_t total_alpha = 0;"), ("i < alpha->count", "i != alpha->count")
    )
    moved = repository.commit("main: use size_t\n", {"main.c": moved_main}, parents=[base])
    v3 = branch(repository, moved, [
        ("elf: align notes\n\nThe format asks for it.\n", second),
        ("main: count the page\n\nIt was forgotten.\n", {"main.c": edited(moved_main, alpha)}),
        ("test: try the notes\n", {"test.sh": b"#!/bin/sh\nkexec --debug --load vmlinuz || exit 1\n"}),
    ])  # fmt: skip
    return repository, {"v1": f"{base}..{v1}", "v2": f"{base}..{v2}", "v3": f"{moved}..{v3}"}
