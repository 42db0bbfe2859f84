"""Histories to measure with: copies of a real one with a commit more, and made ones of any length."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

FILES = 300
LINES = 150  # of each file
COMMITS_PER_TAG = 20
START = 1_150_000_000
WORDS = ("kexec", "crash", "segment", "memory", "range", "elf", "note", "purgatory", "entry", "image", "hole", "dump")


def git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git in a repository and return what it says."""
    settings = ("-c", "user.name=Bench Mark", "-c", "user.email=bench@example.org", "-c", "gc.auto=0")
    done = subprocess.run(
        ["git", "-C", repository, *settings, *arguments], input=stdin, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def copy(repository: Path, folder: Path) -> Path:
    """Make a bare copy that may be changed."""
    subprocess.run(["git", "clone", "--quiet", "--bare", repository, folder], check=True)
    return folder


def add_commit(repository: Path) -> None:
    """Add a commit that changes one line of one file, as a patch that was just accepted."""
    path, blob = next(
        (row.split("\t")[1], row.split()[2])
        for row in git(repository, "ls-tree", "-r", "HEAD").splitlines()
        if row.endswith((".c", ".py", ".md"))
    )
    content = subprocess.run(
        ["git", "-C", repository, "cat-file", "blob", blob], capture_output=True, check=True
    ).stdout
    changed = git(repository, "hash-object", "-w", "--stdin", stdin=content + b"/* one line more */\n")
    index = f"100644 {changed}\t{path}\n".encode()
    git(repository, "read-tree", "HEAD")
    git(repository, "update-index", "--index-info", stdin=index)
    message = "benchmark: one line more\n\nSigned-off-by: Bench Mark <bench@example.org>"
    commit = git(repository, "commit-tree", git(repository, "write-tree"), "-p", "HEAD", "-m", message)
    git(repository, "update-ref", "HEAD", commit)


def make(folder: Path, commits: int) -> Path:
    """Make a repository of C files with so many commits; the same number gives the same repository."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
    git(folder, "fast-import", "--quiet", stdin=b"".join(_stream(commits)))
    return folder


def _stream(commits: int) -> Iterator[bytes]:
    """Yield a fast-import stream. A commit rewrites a stretch of one to three files, as patches do.

    The tree has its full size from the first commit on, so that a longer history is more of the same.
    """
    chance = random.Random(20)
    files = {f"kexec/part{number % 20}/file{number}.c": _lines(LINES, 0, chance) for number in range(FILES)}
    for number in range(commits):
        changed = chance.sample(sorted(files), chance.choice((1, 1, 1, 2, 3))) if number else list(files)
        for path in changed:
            _rewrite(files[path], number, chance)
        when = f"{START + number * 100_000} +0100"
        who = f"Author {number % 97} <author{number % 97}@example.org>"
        message = f"{chance.choice(WORDS)}: {' '.join(chance.sample(WORDS, 4))} {number}\n\nSigned-off-by: {who}\n"
        yield f"commit refs/heads/main\nauthor {who} {when}\ncommitter {who} {when}\n".encode() + _data(message)
        for path in changed:
            yield f"M 100644 inline {path}\n".encode() + _data("".join(files[path]))
        if number % COMMITS_PER_TAG == COMMITS_PER_TAG - 1:
            yield f"tag v{number // COMMITS_PER_TAG}\nfrom refs/heads/main\ntagger {who} {when}\n".encode()
            yield _data(f"Version {number // COMMITS_PER_TAG}\n")


def _rewrite(lines: list[str], number: int, chance: random.Random) -> None:
    """Put new lines in the place of as many old ones; most stretches are short, a few are long."""
    count = min(int(chance.paretovariate(1.2) * 8), LINES // 2)
    start = chance.randrange(LINES - count)
    lines[start : start + count] = _lines(count, number, chance)


def _lines(count: int, number: int, chance: random.Random) -> list[str]:
    return [_line(number, chance) for _ in range(count)]


def _line(number: int, chance: random.Random) -> str:
    name, other = chance.sample(WORDS, 2)
    return chance.choice(
        (
            f"\t{name}_{number} = find_{other}(info, {chance.randrange(1 << 20):#x}, &{name}->{other});\n",
            f"\tif ({name}->{other}_size < {chance.randrange(4096)})\n",
            f'\t\tfprintf(stderr, "{name} {other} {number}: %s\\n", strerror(errno));\n',
            f"static int {name}_{other}_{number}(struct {name}_info *info, unsigned long {other})\n",
            f"/* The {name} has to stand before the {other}. */\n",
            "{\n",
            "}\n",
            "\n",
        )
    )


def _data(text: str) -> bytes:
    raw = text.encode()
    return b"data %d\n%s\n" % (len(raw), raw)
