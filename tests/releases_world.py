"""Real repositories for the tests of releases, archives, feeds and the API."""

import os
import subprocess
from pathlib import Path

from generator.model.commits import Change, CommitRecord, Verification
from generator.model.histories import GitSource, History, Reference
from generator.relate.releases import by_tag, first_tags
from generator.sources.git import Mirror, list_tree, read_commits, read_tags, sync_mirror

EVIL = "<script>alert(1)</script>"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Cy",
    "GIT_COMMITTER_EMAIL": "cy@example.org",
}


def git(folder: Path, *arguments: str | bytes, seconds: int = 1_600_000_000, stdin: bytes = b"", **more: str) -> str:
    """Run git in a folder, at a moment, and return what it prints."""
    date = f"@{seconds} +0100"
    environment = ENVIRONMENT | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} | more
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, input=stdin, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def start(folder: Path) -> Path:
    """Make an empty repository."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def commit(repository: Path, name: str, text: str, message: str, seconds: int, **more: str) -> None:
    """Write a file and commit it."""
    (repository / name).write_text(text, "utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--file=-", seconds=seconds, stdin=message.encode(), **more)


def raw_commit(repository: Path, message: bytes, seconds: int) -> None:
    """Commit the index with a message as it is: `git commit` would take what is not UTF-8 for Latin-1."""
    tree, parent = git(repository, "write-tree"), git(repository, "rev-parse", "HEAD")
    person = f"Ada <ada@example.org> {seconds} +0100"
    head = f"tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n\n"
    made = git(repository, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=head.encode() + message)
    git(repository, "update-ref", "HEAD", made)


def tag(repository: Path, name: str, message: str, seconds: int, *target: str) -> None:
    """Make an annotated tag, or with an empty message a lightweight one."""
    options = ["--annotate", f"--message={message}"] if message else []
    git(repository, "tag", "--no-sign", *options, "--", name, *target, seconds=seconds)


def plain_repository(folder: Path) -> Path:
    """Four commits by two authors; v1.101 and v2.0 annotated, v2.0-rc1 lightweight, one commit after them."""
    repository = start(folder)
    commit(repository, "configure.ac", "AC_INIT\n", "first", 1_200_000_000)
    tag(repository, "v1.101", "kexec-tools 1.101\n\nThe original.", 1_200_000_100)
    commit(repository, "a.c", "int a;\n", "a: add", 1_300_000_000, GIT_AUTHOR_NAME="Bo")
    commit(repository, "a.c", "int a = 1;\n", "a: one", 1_300_000_100)
    tag(repository, "v2.0-rc1", "", 1_300_000_200)
    commit(repository, "b.c", "int b;\n", "b: add", 1_400_000_000, GIT_AUTHOR_NAME="Bo")
    tag(repository, "v2.0", "kexec-tools 2.0", 1_400_000_100)
    commit(repository, "c.c", "int c;\n", "c: add\n\nFixes: nothing\n", 1_500_000_000)
    return repository


def hostile_repository(folder: Path) -> Path:
    """Markup, bytes that are not UTF-8, control characters and odd dates wherever git takes them."""
    repository = start(folder)
    commit(repository, EVIL.replace("/", "-"), "x\n", f"{EVIL}\n\n]]>\x07&\n", 0, GIT_AUTHOR_NAME=EVIL)
    (repository / os.fsdecode(b"caf\xe9.c")).write_text("y\n", "utf-8")
    git(repository, "add", "--all")
    raw_commit(repository, b"caf\xe9 \xe2\x80\xae\n\n\xff\xfe\n", 99_999_999_999)
    tag(repository, "v" + EVIL.replace("/", "-"), f"{EVIL}\n\n\x1b[31m", 1_500_000_000)
    tag(repository, "v9.9", "", 0, git(repository, "hash-object", "-w", "--stdin", stdin=b"a blob"))
    return repository


def mirror_of(repository: Path) -> Mirror:
    """Mirror a repository beside it."""
    folder = repository.with_name(repository.name + "-mirror")
    sync_mirror(folder, [str(repository)], branch="main", progress=lambda _: None)
    return Mirror(folder)


def history_of(mirror: Mirror, *, notice: str = "") -> History:
    """Read a mirror. The patch facts are made up, but for the files: each commit is said to add the whole tree."""
    commits = tuple(read_commits(mirror))
    by_sha = {item.sha: item for item in commits}
    tags = read_tags(mirror)
    found = first_tags(by_sha, tags)
    return History(
        source=GitSource(name="kexec-tools", title="kexec-tools", description="", addresses=()),
        branch="main",
        head=commits[0].sha,
        commits=commits,
        by_sha=by_sha,
        records={item.sha: _record(mirror, item.sha, item.tree) for item in commits},
        tags=tags,
        children={},
        first_tag=found,
        by_tag=by_tag(commits, found),
        references={commits[0].sha: (Reference(kind="mentions", sha=commits[-1].sha),)},
        notice=notice,
    )


def _record(mirror: Mirror, sha: str, tree: str) -> CommitRecord:
    changes = tuple(
        Change(
            status="A",
            path=path,
            old_mode="000000",
            new_mode=mode,
            old_blob="0" * 40,
            new_blob=blob,
            added=1,
            removed=0,
        )
        for mode, _, blob, _, path in list_tree(mirror, sha)
    )
    return CommitRecord(sha=sha, changes=changes, verification=Verification(verdict="verified", tree=tree))
