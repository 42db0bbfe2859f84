"""Reports committed to a branch elsewhere, by many at once: a race is lost, looked at again, and run again.

Files are named by their hash, so that two pushes never conflict, and one that is repeated changes nothing. All of it
happens in a repository of our own that is gone afterwards: the clone around us, its branch and its files stay as
they are, and how deep it is does not matter.
"""

import random
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.errors import SourceError
from generator.model.commits import Person
from generator.render.escape import decode
from generator.sources.git import Mirror
from generator.sources.remotes import Remote, settings_of

Progress = Callable[[str], None]
OURSELVES = Person("kdump-portal", "kdump-portal@localhost")
ANSWER_S = 120.0  # the longest that one talk with the remote may take
TROUBLES = 6  # talks that may break off in a row
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """In whose names a commit is made. `key` is a file with an SSH key (its public half, when an agent has it)."""

    author: Person = OURSELVES
    committer: Person = OURSELVES
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What came of a push. `commit` is "" when everything was there already."""

    new: tuple[str, ...]
    known: tuple[str, ...]
    commit: str
    tries: int


class _Lost(Exception):
    """Another was faster: look again."""


class _Trouble(Exception):
    """The talk broke off; another may go well."""


def push_reports(
    remote: Remote,
    branch: str,
    files: Mapping[str, bytes],
    *,
    signature: Signature,
    patience_s: float,
    progress: Progress,
) -> Pushed:
    """Add files (by path) to a branch, which is begun when it is not there. Raises SourceError when that is refused.

    What is there already, by path, is left as it is.
    """
    with TemporaryDirectory(prefix="kdump-portal-") as folder:
        pusher = _Pusher(Mirror(Path(folder)), remote, branch, files, signature)
        try:
            pusher.prepare()
            return _until_done(pusher, time.monotonic() + patience_s, progress)
        except SourceError as problem:
            raise SourceError(remote.clean(str(problem))) from None


def _until_done(pusher: "_Pusher", end: float, progress: Progress) -> Pushed:
    tries = troubles = 0
    while True:
        tries += 1
        try:
            return pusher.attempt(tries)
        except _Lost:
            troubles, reason = 0, "another push was faster"
        except _Trouble as problem:
            troubles, reason = troubles + 1, str(problem)
        if troubles >= TROUBLES or time.monotonic() > end:
            raise SourceError(
                f"{pusher.remote.address}: {reason}, at try {tries}: nothing was pushed; "
                "it is safe to run the same command again"
            )
        pause_s = random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(tries, 10)))
        progress(pusher.remote.clean(f"{reason}; trying again"))
        time.sleep(pause_s)


@dataclass(slots=True)
class _Pusher:
    """One push: our repository, and what shall be in the branch."""

    ours: Mirror
    remote: Remote
    branch: str
    files: Mapping[str, bytes]
    signature: Signature
    base: str = ""  # the branch's head as far as we have it

    def prepare(self) -> None:
        """Make the repository; its remote has no credentials, and none of its files' contents are fetched."""
        self.ours.run("init", "--quiet", "--bare", str(self.ours.folder))
        for key, value in (("url", self.remote.address), ("promisor", "true"), ("partialCloneFilter", "blob:none")):
            self.ours.run("config", f"remote.there.{key}", value)
        try:
            self.ours.run("check-ref-format", self.ref)
        except SourceError:
            raise SourceError(f"{self.branch!r} is no name for a branch: choose one such as reports") from None

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch}"

    def attempt(self, tries: int) -> Pushed:
        """Look at the branch, commit what it lacks, push. Raises _Lost or _Trouble when that is to be tried again."""
        self.look()
        there = self.paths()
        new = tuple(path for path in self.files if path not in there)
        known = tuple(path for path in self.files if path in there)
        if not new:
            return Pushed(new=(), known=known, commit="", tries=tries)
        commit = self.commit(new)
        self.talk("push", "--porcelain", "there", f"{commit}:{self.ref}")
        return Pushed(new=new, known=known, commit=commit, tries=tries)

    def look(self) -> None:
        """Bring the branch's head here, without its past."""
        answer = decode(self.talk("ls-remote", "there", self.ref))
        heads = {name: sha for sha, _, name in (line.partition("\t") for line in answer.splitlines())}
        head = heads.get(self.ref, "")
        if head and head != self.base:
            options = ("--quiet", "--depth=1", "--no-tags", "--filter=blob:none", "--no-write-fetch-head", "--force")
            self.talk("fetch", *options, "there", f"{self.ref}:refs/heads/base")
            head = decode(self.ours.run("rev-parse", "refs/heads/base").strip())
        self.base = head

    def paths(self) -> frozenset[str]:
        if not self.base:
            return frozenset()
        return frozenset(decode(self.ours.run("ls-tree", "-r", "-z", "--name-only", self.base)).split("\0"))

    def commit(self, new: tuple[str, ...]) -> str:
        """Commit the files on top of the branch; `fast-import` makes the tree, `commit-tree` the (signed) commit."""
        head = b"commit refs/heads/draft\ncommitter draft <draft> 0 +0000\ndata 0\n"
        stream = [head, f"from {self.base}\n".encode() if self.base else b""]
        for path in new:
            data = self.files[path]
            stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
        if not self.base:
            self.ours.run("update-ref", "-d", "refs/heads/draft")
        self.ours.run("fast-import", "--quiet", "--force", stdin=b"".join(stream))
        command = ["commit-tree", "refs/heads/draft^{tree}", "-m", _message(new)]
        command += ["-p", self.base] if self.base else []
        command += ["-S"] if self.signature.key else []
        return decode(Mirror(self.ours.folder, self.identity()).run(*command).strip())

    def identity(self) -> dict[str, str]:
        """Return the environment that says who commits, and with which key."""
        author, committer, key = self.signature.author, self.signature.committer, self.signature.key
        pairs = (("gpg.format", "ssh"), ("user.signingKey", key)) if key else ()
        return settings_of(pairs) | {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
        }

    def talk(self, *command: str) -> bytes:
        """Run a git command that speaks with the remote; only there git has the credentials."""
        with Mirror(self.ours.folder, self.remote.settings).open(*command) as process:
            try:
                output, errors = process.communicate(timeout=ANSWER_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise _Trouble(f"no answer to git {command[0]} within {ANSWER_S:g} s") from None
        if process.returncode == 0:
            return output
        said = f"{decode(output)}\n{decode(errors)}"
        if LOST_RE.search(said):
            raise _Lost
        if FINAL_RE.search(said):
            raise SourceError(f"{self.remote.address}: git {command[0]} was refused: {_words(said)}; {_advice(said)}")
        raise _Trouble(f"git {command[0]} broke off: {_words(said)}")


LOST_RE = re.compile(
    r"\[(?:remote )?rejected\] \((?:fetch first|non-fast-forward|stale info|failed to update ref|cannot lock ref"
    r"|incorrect old value|reference already exists|unable to lock|atomic)"
    r"|couldn't find remote ref|error: cannot lock ref",
    re.IGNORECASE,
)
FINAL_RE = re.compile(
    r"hook declined|protected branch|denied|not allowed|prohibited|authentication failed|could not read (?:user|pass)"
    r"|error: 40[134]|not found|does not appear to be|not exported|no such|service not enabled|unsupported|is not a"
    r" valid|certificate|host key|redirect|unable to find remote helper|transport '",
    re.IGNORECASE,
)


def _words(said: str) -> str:
    """Return the lines that give a reason, as one."""
    lines = [" ".join(line.replace("\t", " ").split()) for line in re.split(r"[\r\n]+", said)]
    reasons = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:", "!", "remote: error:"))]
    return "; ".join(dict.fromkeys(reasons or [line for line in lines if line][-1:])) or "git gave no reason"


def _advice(said: str) -> str:
    if re.search(r"authentication|could not read (?:user|pass)|denied|error: 40[13]|host key", said, re.IGNORECASE):
        return "give a token that may write there, in KDUMP_PORTAL_TOKEN"
    if re.search(r"hook|protected|prohibited|not allowed", said, re.IGNORECASE):
        return "let this branch be pushed to, or choose another with --branch"
    return "check the address"


def _message(new: tuple[str, ...]) -> str:
    origins = sorted({path.partition("/")[0] for path in new})
    count = f"{len(new)} reports" if len(new) > 1 else "a report"
    return f"reports: {count} of {', '.join(origins)}\n\n" + "\n".join(new[:LISTED])


LISTED = 100
