"""Real repositories for what is said about files, built by commands, and how to read them without the build."""

import os
import re
import subprocess
from pathlib import Path

from generator.model.commits import Change, Commit, CommitRecord, Person, Stamp, Verification
from generator.model.files import Tree, TreeEntry
from generator.model.histories import GitSource, History
from generator.render.escape import decode
from generator.sources.git import Mirror, list_tree, read_commits

CHANGE_RE = re.compile(rb":(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*")
NOTHING = "0" * 40


class Repository:
    """A repository whose commits are a minute apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.minutes = 0
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def mirror(self) -> Mirror:
        return Mirror(self.folder / ".git")

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> str:
        when = f"{1_700_000_000 + 60 * self.minutes} +0100"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ann Author",
            "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_COMMITTER_NAME": "Con Committer",
            "GIT_COMMITTER_EMAIL": "con@example.org",
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_DATE": when,
        }
        command = ["git", "-C", str(self.folder), *arguments]
        return decode(subprocess.run(command, input=stdin, env=environment, capture_output=True, check=True).stdout)

    def write(self, path: str | bytes, data: bytes | str) -> None:
        file = self.folder / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)

    def move(self, old: str, new: str) -> None:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

    def commit(self, subject: str) -> str:
        """Commit all that is in the folder; what `update-index --cacheinfo` put into the index stays."""
        self.minutes += 1
        self.git("add", "--all", "--ignore-removal", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD").strip()

    def follow(self, path: str) -> list[str]:
        """Return what git itself takes for the file's history, newest first."""
        return self.git("log", "--follow", "-M", "--format=%H", "--", path).split()


def read_records(mirror: Mirror, revisions: tuple[str, ...] = ("HEAD", "--tags")) -> dict[str, CommitRecord]:
    """Return each commit's changes; a merge has none."""
    output = mirror.run("log", "--raw", "-z", "-M", "--no-abbrev", "--format=%x00%x01%H", *revisions, "--")
    records = {}
    for block in output.split(b"\0\x01")[1:]:
        sha, _, rest = block.partition(b"\0")
        changes = tuple(_changes(rest.lstrip(b"\n").split(b"\0")))
        name = sha.decode().strip()
        verification = Verification(verdict="verified")
        records[name] = CommitRecord(sha=name, changes=changes, verification=verification)
    return records


def _changes(fields: list[bytes]):
    fields = [field for field in fields if field]
    while fields:
        match = CHANGE_RE.fullmatch(fields.pop(0).lstrip(b"\n"))
        old_mode, new_mode, old_blob, new_blob, status = (decode(part) for part in match.groups())
        old_path = decode(fields.pop(0)) if status in "RC" else None
        yield Change(
            status=status,
            path=decode(fields.pop(0)),
            old_path=old_path,
            old_mode=old_mode,
            new_mode=new_mode,
            old_blob=old_blob,
            new_blob=new_blob,
            added=1,
            removed=0,
        )


def read_history(mirror: Mirror, name: str = "tools", branch: str = "main") -> History:
    """Read what pages about files need; releases and references stay empty."""
    commits = tuple(read_commits(mirror))
    return History(
        source=GitSource(name=name, title="The tools", description="", addresses=()),
        branch=branch,
        head=mirror.run("rev-parse", "HEAD").decode().strip(),
        commits=commits,
        by_sha={commit.sha: commit for commit in commits},
        records=read_records(mirror),
        tags=(),
        children={},
        first_tag={},
        by_tag={},
        references={},
    )


def read_tree(mirror: Mirror, ref: str, shown_as: str = "") -> Tree:
    """Read the tree at a ref."""
    commit = mirror.run("rev-parse", f"{ref}^{{commit}}").decode().strip()
    return Tree(shown_as or ref, commit, tuple(TreeEntry(*row) for row in list_tree(mirror, ref)))


def sha_of(history: History, subject: str) -> str:
    """Return the commit with a subject."""
    return next(commit.sha for commit in history.commits if commit.subject == subject)


def subjects(history: History, file_history: tuple[tuple[str, str], ...]) -> list[str]:
    """Return a file's history as `subject @ path`, newest first."""
    return [f"{history.by_sha[sha].subject} @ {path}" for sha, path in file_history]


def a_commit(sha: str, *parents: str) -> Commit:
    """Return a commit that only its place in the graph tells from others."""
    nobody, epoch = Person("", ""), Stamp(0, "+0000")
    return Commit(
        sha=sha,
        tree="",
        parents=parents,
        author=nobody,
        authored=epoch,
        committer=nobody,
        committed=epoch,
        subject=sha,
        body="",
        trailers=(),
    )


def a_record(sha: str, *changes: tuple[str, ...]) -> CommitRecord:
    """Return a record of (status, path) or (status, old path, path) changes."""
    return CommitRecord(
        sha=sha,
        changes=tuple(_a_change(*change) for change in changes),
        verification=Verification(verdict="verified"),
    )


def _a_change(status: str, *paths: str) -> Change:
    return Change(
        status=status,
        path=paths[-1],
        old_path=paths[0] if len(paths) > 1 else None,
        old_mode="100644",
        new_mode="100644",
        old_blob=NOTHING,
        new_blob=NOTHING,
        added=1,
        removed=0,
    )
