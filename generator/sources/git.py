"""Git, run safely. The only importer of GitPython: mirrors, and streams of what they hold.

Every process gets our own configuration alone (`gitconfig` beside this file): no hooks, filters, external diffs,
textconv, pagers, `ext::` transports or anybody's settings.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory

from git import Git
from git.exc import GitCommandNotFound

from generator.errors import SourceError
from generator.model.commits import Commit, Person, Stamp, Trailer
from generator.model.mirrors import MirrorState, Tag
from generator.render.escape import decode

CONFIG = Path(__file__).with_name("gitconfig")
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": str(CONFIG),
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
    "GIT_EXTERNAL_DIFF": "",
    "GIT_PAGER": "cat",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
    "TZ": "UTC",
}
DIFF_OPTIONS = (
    "--full-index",
    "--binary",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "-M",
    "-U3",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--submodule=short",
    "--ignore-submodules=none",
)
Progress = Callable[[str], None]


class Mirror:
    """A bare copy of a repository in a folder that is ours, and what is known of it."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._settings = settings or {}

    @property
    def state(self) -> MirrorState | None:
        """What is known of the last fetch; None while there has been no good one."""
        try:
            return MirrorState(**json.loads((self.folder / "portal-state.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what a git command prints. Raises SourceError with git's own words when it fails."""
        with self.open(*arguments) as process:
            output, errors = process.communicate(stdin)
        if process.returncode:
            raise self.failure(arguments[0], errors)
        return output

    def open(self, *arguments: str) -> AbstractContextManager[Popen]:
        """Start a git command with pipes on all three ends; on leaving, it is waited for."""
        return _start(["--git-dir", str(self.folder), *arguments], self._settings)

    def failure(self, command: str, errors: bytes) -> SourceError:
        """Return the error of a git command that failed here, with git's words and the way out."""
        advice = f"if the mirror is damaged, remove {self.folder} and run `kdump-portal sync`"
        return SourceError(f"{self.folder.name}: git {command} failed: {_words(errors)}; {advice}")

    @contextmanager
    def scratch(self) -> Iterator["Mirror"]:
        """Give the same repository with an index and an object store of its own, both gone afterwards."""
        with TemporaryDirectory(prefix="kdump-portal-") as folder:
            Path(folder, "objects").mkdir()
            settings = {
                "GIT_INDEX_FILE": f"{folder}/index",
                "GIT_OBJECT_DIRECTORY": f"{folder}/objects",
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.folder.resolve() / "objects"),
            }
            yield Mirror(self.folder, settings)


class BlobReader:
    """Reads objects through one `git cat-file --batch` process; made by `open_blobs`."""

    def __init__(self, process: Popen) -> None:
        self._process = process

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, None when the mirror lacks it."""
        self._process.stdin.write(name.encode() + b"\n")
        self._process.stdin.flush()
        header = self._process.stdout.readline().split()
        if len(header) != 3:
            return None
        return self._process.stdout.read(int(header[2]) + 1)[:-1]


@contextmanager
def open_blobs(mirror: Mirror) -> Iterator[BlobReader]:
    """Start a reader of objects."""
    with mirror.open("cat-file", "--batch") as process:
        yield BlobReader(process)


def sync_mirror(folder: Path, addresses: Iterable[str], *, branch: str = "", progress: Progress) -> MirrorState:
    """Bring a mirror up to date from the first address that answers.

    The references change in one transaction after all objects arrived, so an interrupted or failed fetch leaves the
    last good mirror. A first fetch happens in a folder beside it. Raises SourceError when no address answered; the
    reason is then also kept in the state of a mirror that was there before.
    """
    problems = []
    for address in addresses:
        try:
            return _fetch(folder, address, branch, progress)
        except SourceError as problem:
            problems.append(str(problem))
    text = "; ".join(problems) or "no address is configured"
    state = Mirror(folder).state
    if state is not None:
        _keep_state(
            folder,
            MirrorState(address=state.address, branch=state.branch, fetched_at=state.fetched_at, problem=text),
        )
    raise SourceError(text)


def _fetch(folder: Path, address: str, branch: str, progress: Progress) -> MirrorState:
    """Fetch into the mirror; one that is not there yet, or is damaged, is made in a folder beside it."""
    before = Mirror(folder).state
    where = _address(address)
    head = branch or _default_branch(where, address)
    target = folder
    try:
        if before:
            _fetch_into(folder, where, address, head, progress)
    except SourceError as problem:
        if not DAMAGE_RE.search(str(problem)):
            raise
        before = None
    if not before:
        target = folder.with_name(folder.name + ".partial")
        _make(target, address)
        _fetch_into(target, where, address, head, progress)
    same = before and (before.address, before.branch, before.problem) == (address, head, "")
    state = MirrorState(address=address, branch=head, fetched_at=int(time.time()))
    _keep_state(target, state)
    if target != folder:
        shutil.rmtree(folder, ignore_errors=True)
        target.rename(folder)
    return before if same else state


# What git says when the trouble is in the mirror: lost files, or a branch `a` where `a/b` shall be now.
DAMAGE_RE = re.compile(r"not a git repository|cannot lock ref|bad object|not a valid object|unable to read|missing")


def _make(target: Path, address: str) -> None:
    """Make an empty repository; what an interrupted first fetch left there is gone on with."""
    if target.exists() and not (target / "HEAD").exists():
        shutil.rmtree(target)
    if not target.exists():
        target.mkdir(parents=True)
        _check(["init", "--quiet", "--bare", str(target)], address)


def _fetch_into(target: Path, where: str, address: str, head: str, progress: Progress) -> None:
    command = ["fetch", "--progress", "--atomic", "--prune", "--no-write-fetch-head", "--no-auto-gc"]
    command += ["--no-recurse-submodules", "--force", "--", where]
    command += ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
    _check(["--git-dir", str(target), *command], address, progress)
    if not Mirror(target).run("for-each-ref", f"refs/heads/{head}"):
        raise SourceError(f"{address}: has no branch {head!r}: set `branch:` of the source to one that it has")
    Mirror(target).run("symbolic-ref", "HEAD", f"refs/heads/{head}")


def _default_branch(where: str, address: str) -> str:
    output = _check(["ls-remote", "--symref", "--", where, "HEAD"], address)
    match = re.search(rb"^ref: refs/heads/(\S+)\tHEAD$", output, re.MULTILINE)
    return decode(match[1]) if match else "main"


def _address(address: str) -> str:
    if address.startswith("-") or "::" in address:
        raise SourceError(f"{address}: not an address that is used here: give https, git, ssh, file or a path")
    return address if re.match(r"[a-z+]+://|[^/]+@[^/]+:", address) else str(Path(address).expanduser().resolve())


def _keep_state(folder: Path, state: MirrorState) -> None:
    """Written beside and renamed, so that a state is whole or not there."""
    text = json.dumps({name: getattr(state, name) for name in MirrorState.__dataclass_fields__}, indent=1)
    draft = folder / f"portal-state.json.{os.getpid()}"
    draft.write_text(text + "\n", "utf-8")
    draft.replace(folder / "portal-state.json")


def read_commits(mirror: Mirror, revisions: Iterable[str] = ("HEAD", "--tags")) -> Iterator[Commit]:
    """Yield every commit that the revisions reach, children before parents, newest first."""
    with mirror.open("log", "--date-order", "--date=raw", f"--format={_COMMIT_FORMAT}", *revisions, "--") as process:
        process.stdin.close()
        for fields in _records(process.stdout, len(_COMMIT_FIELDS)):
            yield _commit(fields)
        errors = process.stderr.read()
    if process.returncode:
        raise mirror.failure("log", errors)


_COMMIT_FIELDS = (
    "%H",
    "%T",
    "%P",
    "%aN",
    "%aE",
    "%ad",
    "%cN",
    "%cE",
    "%cd",
    "%s",
    "%b",
    "%(trailers:only=true,unfold=true,separator=%x01,key_value_separator=%x02)",
)
_COMMIT_FORMAT = "%x00".join(_COMMIT_FIELDS) + "%x00"


def _records(stream, width: int) -> Iterator[list[bytes]]:
    """Yield lists of `width` fields that each end in a NUL; the newline between records is dropped."""
    rest: list[bytes] = []
    tail = b""
    while block := stream.read(1 << 20):
        *whole, tail = (tail + block).split(b"\0")
        rest += whole
        for start in range(0, len(rest) - width + 1, width):
            yield rest[start : start + width]
        rest = rest[len(rest) - len(rest) % width :]


def _commit(fields: list[bytes]) -> Commit:
    sha, tree, parents, *texts = (decode(field) for field in fields)
    author, author_email, authored, committer, committer_email, committed, subject, body, trailers = texts
    return Commit(
        sha=sha.lstrip("\n"),
        tree=tree,
        parents=tuple(parents.split()),
        author=Person(author, author_email),
        authored=stamp(authored),
        committer=Person(committer, committer_email),
        committed=stamp(committed),
        subject=subject,
        body=body,
        trailers=tuple(Trailer(*item.split("\x02", 1)) for item in trailers.split("\x01") if "\x02" in item),
    )


def stamp(raw: str) -> Stamp:
    """Read git's raw date, `seconds zone`; what is unreadable counts as the epoch."""
    seconds, _, zone = raw.partition(" ")
    zone = zone if re.fullmatch(r"[+-]\d{4}", zone) else "+0000"
    return Stamp(int(seconds), zone) if re.fullmatch(r"-?\d{1,18}", seconds) else Stamp(0, zone)


def head_of(mirror: Mirror, branch: str) -> str:
    """Return the commit at the head of a branch. Raises SourceError."""
    return decode(mirror.run("rev-parse", "--verify", f"refs/heads/{branch}").strip())


def read_tags(mirror: Mirror) -> tuple[Tag, ...]:
    """Return every tag, the newest first; those of one second by name."""
    fields = (
        "refname:strip=2",
        "objectname",
        "objecttype",
        "taggername",
        "taggeremail:trim",
        "creatordate:raw",
        "contents:subject",
        "contents:body",
        "contents:signature",
    )
    form = "%00".join(f"%({field})" for field in fields) + "%00"
    rows = list(_records(_Bytes(mirror.run("for-each-ref", f"--format={form}", "refs/tags")), len(fields)))
    commits = _peel(mirror, [decode(row[1]) for row in rows])
    tags = [_tag(row, commit) for row, commit in zip(rows, commits, strict=True)]
    return tuple(sorted(tags, key=lambda tag: (-tag.stamp.seconds, tag.name)))


class _Bytes:
    """Bytes that are read once, as a stream is."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _: int) -> bytes:
        data, self._data = self._data, b""
        return data


def _peel(mirror: Mirror, names: list[str]) -> list[str]:
    questions = "".join(f"{name}^{{commit}}\n" for name in names)
    answers = mirror.run("cat-file", "--batch-check", stdin=questions.encode()).decode().splitlines()
    return [line.split()[0] if line.endswith(tuple("0123456789")) and " commit " in line else "" for line in answers]


def _tag(row: list[bytes], commit: str) -> Tag:
    name, target, kind, tagger, email, created, subject, body, signature = (decode(field) for field in row)
    annotated = kind == "tag"
    return Tag(
        name=name.lstrip("\n"),
        commit=commit,
        target=target,
        annotated=annotated,
        tagger=Person(tagger, email) if annotated and tagger else None,
        stamp=stamp(created),
        subject=subject if annotated else "",
        body=body.removesuffix(signature) if annotated else "",
        signature=signature if annotated else "",
    )


def list_tree(mirror: Mirror, ref: str) -> tuple[tuple[str, str, str, int, str], ...]:
    """Return (mode, kind, object, size in bytes, path) of everything in a commit's tree, folders left out, by path."""
    output = mirror.run("ls-tree", "-r", "-z", "-l", "--full-tree", ref)
    rows = []
    for item in output.split(b"\0")[:-1]:
        facts, _, path = item.partition(b"\t")
        mode, kind, name, size = facts.decode().split()
        rows.append((mode, kind, name, 0 if size == "-" else int(size), decode(path)))
    return tuple(rows)


@contextmanager
def _start(arguments: list[str], settings: Mapping[str, str] | None = None) -> Iterator[Popen]:
    """Run git with pipes on all three ends. Left by an exception, it is killed; otherwise waited for."""
    for name in [name for name in os.environ if name.startswith("GIT_") and name not in ENVIRONMENT]:
        del os.environ[name]  # a git hook or script around us may have set GIT_DIR and its like
    try:
        guard = Git().execute(
            ["git", *arguments], istream=PIPE, as_process=True, env=ENVIRONMENT | dict(settings or {})
        )
    except GitCommandNotFound as problem:
        raise SourceError("git is not installed: install git 2.30 or newer") from problem
    process: Popen = guard.proc
    try:
        yield process
    except BaseException:
        process.kill()
        raise
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                pipe.close()
        process.wait()


def _check(arguments: list[str], address: str, progress: Progress | None = None) -> bytes:
    """Run git about an address; its progress is passed on line by line. Raises SourceError in git's own words."""
    errors: list[bytes] = []
    with _start(arguments) as process:
        process.stdin.close()
        while piece := process.stderr.read1(4096):
            errors.append(piece)
            if progress:
                progress(decode(re.split(rb"[\r\n]", piece.strip(b"\r\n"))[-1]))
        output = process.stdout.read()
    if process.returncode:
        raise SourceError(f"{address}: {_words(b''.join(errors))}")
    return output


def _words(errors: bytes) -> str:
    """Return what git said as one line, without the progress it made before."""
    lines = [line for line in re.split(r"[\r\n]+", decode(errors)) if line and not line.startswith("remote: ")]
    said = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))]
    return "; ".join(said or lines[-1:] or ["git gave no reason"])
