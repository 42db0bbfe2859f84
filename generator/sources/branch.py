"""A branch elsewhere that many change at once: a race is lost, looked at again, and run again.

All of it happens in a repository of our own that is gone afterwards: the clone around us, its branch and its files
stay as they are, and how deep it is does not matter. Of the branch no past and no file's content is fetched.
"""

import random
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from generator.errors import SourceError
from generator.model.commits import Person
from generator.render.escape import decode
from generator.sources.git import Mirror
from generator.sources.remotes import Remote, settings_of

Progress = Callable[[str], None]
Result = TypeVar("Result")
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


class _Lost(Exception):
    """Another was faster: look again."""


class _Trouble(Exception):
    """The talk broke off; another may go well."""


def until_done(remote: Remote, attempt: Callable[[int], Result], *, patience_s: float, progress: Progress) -> Result:
    """Call `attempt` with the number of the try until it is through. Raises SourceError when that is refused."""
    end = time.monotonic() + patience_s
    tries = troubles = 0
    while True:
        tries += 1
        try:
            return attempt(tries)
        except _Lost:
            troubles, reason = 0, "another push was faster"
        except _Trouble as problem:
            troubles, reason = troubles + 1, str(problem)
        if troubles >= TROUBLES or time.monotonic() > end:
            raise SourceError(
                f"{remote.address}: {reason}, at try {tries}: nothing was pushed; "
                "it is safe to run the same command again"
            )
        pause_s = random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(tries, 10)))
        progress(remote.clean(f"{reason}; trying again"))
        time.sleep(pause_s)


@dataclass(slots=True)
class Branch:
    """A branch of a remote, and the repository of our own in which its next commit is made."""

    ours: Mirror
    remote: Remote
    name: str
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
            raise SourceError(f"{self.name!r} is no name for a branch: choose one such as reports") from None

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.name}"

    def look(self, depth: int = 1) -> None:
        """Bring the branch's head here, with so many commits of its past and none of its files' contents."""
        answer = decode(self._talk("ls-remote", "there", self.ref))
        heads = {name: sha for sha, _, name in (line.partition("\t") for line in answer.splitlines())}
        head = heads.get(self.ref, "")
        if head and head != self.base:
            options = (
                "--quiet",
                f"--depth={depth}",
                "--no-tags",
                "--filter=blob:none",
                "--no-write-fetch-head",
                "--force",
            )
            self._talk("fetch", *options, "there", f"{self.ref}:refs/heads/base")
            head = decode(self.ours.run("rev-parse", "refs/heads/base").strip())
        self.base = head

    def blobs(self) -> dict[str, str]:
        """Return path -> name of its blob of all files at the head."""
        return self.files_of(self.base) if self.base else {}

    def files_of(self, tree: str) -> dict[str, str]:
        """Return path -> name of its blob of all files of a tree, or of a commit's."""
        rows = self.ours.run("ls-tree", "-r", "-z", tree).split(b"\0")[:-1]
        facts = ((row.partition(b"\t")[0].split(), row.partition(b"\t")[2]) for row in rows)
        return {decode(path): decode(words[2]) for words, path in facts}

    def commit(self, changes: Mapping[str, bytes | None], message: str) -> str:
        """Commit the files (None: removed) on top of the branch and return the commit's name.

        `fast-import` makes the tree, `commit-tree` the (signed) commit.
        """
        stream = [b"commit refs/heads/draft\ncommitter draft <draft> 0 +0000\ndata 0\n"]
        stream += [f"from {self.base}\n".encode()] if self.base else []
        for path, data in changes.items():
            name = path.encode()
            removed = data is None
            stream.append(
                b"D %s\n" % name if removed else b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(data), data)
            )
        if not self.base:
            self.ours.run("update-ref", "-d", "refs/heads/draft")
        self.ours.run("fast-import", "--quiet", "--force", stdin=b"".join(stream))
        return self.commit_tree("refs/heads/draft^{tree}", message)

    def tree_before(self) -> str:
        """Return the tree of the commit before the head; "" when there is none. `look(2)` must have brought it."""
        try:
            return decode(self.ours.run("rev-parse", "--verify", "--quiet", f"{self.base}^^{{tree}}").strip())
        except SourceError:
            return ""

    def commit_tree(self, tree: str, message: str) -> str:
        """Commit a tree on top of the branch and return the commit's name."""
        command = ["commit-tree", tree, "-m", message]
        command += ["-p", self.base] if self.base else []
        command += ["-S"] if self.signature.key else []
        return decode(Mirror(self.ours.folder, self._identity()).run(*command).strip())

    def push(self, commit: str) -> None:
        """Make a commit the branch's head. Raises what `until_done` tries again, or SourceError."""
        self._talk("push", "--porcelain", "there", f"{commit}:{self.ref}")

    def _identity(self) -> dict[str, str]:
        """Return the environment that says who commits, and with which key."""
        author, committer, key = self.signature.author, self.signature.committer, self.signature.key
        pairs = (("gpg.format", "ssh"), ("user.signingKey", key)) if key else ()
        return settings_of(pairs) | {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
        }

    def _talk(self, *command: str) -> bytes:
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
