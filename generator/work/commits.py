"""Commits examined: what never changes about each, worked out once, in parallel, and kept.

For a commit that is its diff as HTML, its patch and diff as files, its changed files, and whether the patch gives
the commit's tree. Three git processes serve a whole batch of commits.
"""

import json
from base64 import b85decode, b85encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

from generator.errors import ParseError, SourceError
from generator.model.commits import Change, Commit, CommitRecord, Verification
from generator.model.diffs import FileDiff
from generator.output.cache import Cache, pack
from generator.parse.diff import parse_diff
from generator.parse.raw import RawChange, parse_raw
from generator.relate.applying import HunkMismatch, apply_hunks, blob_name
from generator.relate.fingerprints import fingerprint
from generator.relate.mailing import mail_losses, starts_mail
from generator.relate.patch_ids import patch_id
from generator.render.escape import decode, esc
from generator.sources.git import DIFF_OPTIONS, BlobReader, Mirror, open_blobs
from generator.work.batches import Said, run_batches
from generator.work.diffs import change_of, contents_of, diff_pages
from generator.work.keys import diff_key, patch_key, plain_diff_key, record_key, renderer_key

BATCH = 48


def examine(mirror: Mirror, commits: Sequence[Commit], cache: Cache, said: Said) -> int:
    """Examine the commits that the cache does not know, and keep what came out. Returns how many there were."""
    known = cache.keys(f"{renderer_key()}/record/")
    todo = [commit for commit in commits if record_key(commit.sha) not in known]
    run_batches(partial(examine_batch, mirror.folder), todo, cache, said, batch=BATCH)
    return len(todo)


def examine_batch(folder: Path, commits: list[Commit]) -> list[tuple[str, bytes]]:
    """Return the packed cache entries of a batch of commits. One whose diff cannot be read costs no other its own."""
    mirror = Mirror(folder)
    try:
        return _examined(mirror, commits)
    except ParseError as problem:
        if len(commits) == 1:
            return [(key, pack(body)) for key, body in _unread(mirror, commits[0], problem)]
        return [entry for commit in commits for entry in examine_batch(folder, [commit])]


def _unread(mirror: Mirror, commit: Commit, problem: ParseError) -> Iterator[tuple[str, bytes]]:
    """Yield what is kept of a commit whose diff is not as the parser knows diffs: the diff as it is, and why."""
    text = mirror.run("diff-tree", "--no-commit-id", "-r", "-p", "--cc", "--root", *DIFF_OPTIONS, commit.sha)
    note = f"The diff could not be read, so it is shown as git prints it: {problem}"
    yield diff_key(commit.sha, 1), f"<pre><code>{esc(decode(text))}</code></pre>\n".encode()
    yield plain_diff_key(commit.sha), _bundle(commit, mirror) if commit.is_merge else text
    if not commit.is_merge:
        yield patch_key(commit.sha), _mails(mirror, [commit.sha])[commit.sha]
    found = Verification(verdict="merge" if commit.is_merge else "failed", notes=(note,))
    yield record_key(commit.sha), pack_record(CommitRecord(sha=commit.sha, changes=(), verification=found, parts=(0,)))


def _examined(mirror: Mirror, commits: list[Commit]) -> list[tuple[str, bytes]]:
    mails = _mails(mirror, [commit.sha for commit in commits if not commit.is_merge])
    entries = []
    with open_blobs(mirror) as blobs:
        for diff in _diffs(mirror, commits):
            entries += _entries(diff, mails.get(diff.commit.sha), mirror, blobs)
    return [(key, pack(body)) for key, body in entries]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A commit's diff as git printed it, and what it says."""

    commit: Commit
    raw: tuple[RawChange, ...]
    text: bytes
    files: tuple[FileDiff, ...]


def _diffs(mirror: Mirror, commits: list[Commit]) -> Iterator[Diff]:
    """Yield the diffs of commits from one git process; framed by what the parser consumes, not by looks."""
    names = "".join(f"{commit.sha}\n" for commit in commits).encode()
    data = mirror.run(
        "diff-tree", "--stdin", "--always", "-r", "--raw", "-p", "--cc", "--root", *DIFF_OPTIONS, stdin=names
    )
    at = 0
    for commit in commits:
        head = commit.sha.encode() + b"\n"
        if not data.startswith(head, at):
            raise SourceError(f"{mirror.folder.name}: git diff-tree printed no diff for {commit.sha}")
        raw, start = parse_raw(data, source=commit.sha, start=at + len(head))
        files, at = parse_diff(data, source=commit.sha, start=start)
        yield Diff(commit=commit, raw=raw, text=data[start:at], files=files)


def _mails(mirror: Mirror, shas: list[str], form: str = "email") -> dict[str, bytes]:
    """Return each commit's mail. Git ends each with a signature nobody can know before, so that no message fakes it."""
    if not shas:
        return {}
    end = token_hex(16)
    names = "".join(f"{sha}\n" for sha in shas).encode()
    options = ("--stdout", "--no-walk=unsorted", "--always", "--no-numbered", "--no-notes", "--root", "--stdin")
    data = mirror.run("format-patch", *options, f"--signature={end}", f"--pretty={form}", *DIFF_OPTIONS, stdin=names)
    mails = [mail.removeprefix(b"\n") for mail in data.split(f"-- \n{end}\n\n".encode())[:-1]]
    if len(mails) != len(shas):
        raise SourceError(f"{mirror.folder.name}: git format-patch printed {len(mails)} mails for {len(shas)} commits")
    return {mail[5 : mail.index(b" ", 5)].decode(): mail for mail in mails}


def _entries(diff: Diff, mail: bytes | None, mirror: Mirror, blobs: BlobReader) -> Iterator[tuple[str, bytes]]:
    """Yield what is kept of a commit."""
    commit = diff.commit
    sha = commit.sha
    raw = blobs.read(sha)
    if not commit.is_merge:
        if starts_mail(raw):
            mail = _mails(mirror, [sha], "mboxrd")[sha]
        yield patch_key(sha), mail
        yield plain_diff_key(sha), diff.text
    else:
        yield plain_diff_key(sha), _bundle(commit, mirror)
    contents = [contents_of(file, blobs) for file in diff.files]
    parts, pages = diff_pages(diff.files, contents)
    yield from ((diff_key(sha, part), page) for part, page in enumerate(pages, 1))
    record = CommitRecord(
        sha=sha,
        changes=tuple(change_of(file) for file in diff.files),
        verification=verify(diff, contents, mirror, raw),
        patch_id="" if commit.is_merge else patch_id(diff.files),
        lines=b"" if commit.is_merge else fingerprint(diff.files),
        parts=parts,
    )
    yield record_key(sha), pack_record(record)


def _bundle(commit: Commit, mirror: Mirror) -> bytes:
    """Return a git bundle (gitformat-bundle(5)) with what a merge adds to its parents.

    Packed anew, without deltas, bitmaps and threads, so that it does not depend on how the mirror is packed.
    """
    wanted = "".join(f"{name}\n" for name in (commit.sha, *(f"^{parent}" for parent in commit.parents)))
    options = ("--window=0", "--no-reuse-delta", "--no-reuse-object", "--no-use-bitmap-index", "--threads=1")
    packed = mirror.run("pack-objects", "--revs", "--stdout", "--quiet", *options, stdin=wanted.encode())
    needs = "".join(f"-{parent}\n" for parent in commit.parents)
    head = f"# v2 git bundle\n{needs}{commit.sha} refs/heads/merge-{commit.sha[:12]}\n\n"
    return head.encode() + packed


def verify(
    diff: Diff, contents: Sequence[tuple[bytes | None, bytes | None]], mirror: Mirror, raw: bytes
) -> Verification:
    """Apply a patch to the parent's blobs and compare with the commit's tree, as git's raw diff of the trees has it.

    `raw` is the commit object, of which a mail may lose something.
    """
    commit = diff.commit
    if commit.is_merge:
        return Verification(verdict="merge")
    if any(file.binary for file in diff.files):
        gives = _tree_by_git(commit, diff.text, mirror)
        fits = gives == commit.tree
    else:
        fits = _results(diff, contents) == {path: entry for change in diff.raw for path, entry in change.results()}
    if not fits:
        return Verification(verdict="failed")
    notes = tuple(mail_losses(raw, diff.text, (change.path for change in diff.raw)))
    return Verification(verdict="lossy" if notes else "verified", tree=commit.tree, notes=notes)


def _results(
    diff: Diff, contents: Sequence[tuple[bytes | None, bytes | None]]
) -> dict[bytes, tuple[str, str] | None] | None:
    """Return what the patch makes of each path: (mode, blob), None where it goes; None when a hunk does not fit."""
    parent = {change.old_path: (change.old_mode, change.old_blob) for change in diff.raw}
    results: dict[bytes, tuple[str, str] | None] = {}
    try:
        for file, (old, _) in zip(diff.files, contents, strict=True):
            before = parent.get(file.old_path, ("", ""))
            if file.status in ("R", "D"):
                results[file.old_path] = None
            if file.status != "D":
                results[file.path] = (file.new_mode or before[0], _new_blob(file, old, before[1]))
    except HunkMismatch:
        return None
    return results


def _new_blob(file: FileDiff, old: bytes | None, before: str) -> str:
    if file.new_mode == "160000":
        return file.new_blob  # a submodule: the diff names the commit
    if not file.hunks and old is None and file.status != "A":
        return before
    algorithm = "sha256" if len(file.new_blob or before) == 64 else "sha1"
    return blob_name(apply_hunks(old or b"", file), algorithm)


def _tree_by_git(commit: Commit, text: bytes, mirror: Mirror) -> str:
    """Return the tree that git makes of the parent and the patch, "" when it does not apply; for binary files."""
    with mirror.scratch() as scratch:
        if commit.parents:
            scratch.run("read-tree", commit.parents[0])
        try:
            scratch.run("apply", "--cached", "--binary", "--whitespace=nowarn", "-", stdin=text)
        except SourceError as problem:
            if "unable to" in str(problem):  # a full disk says nothing about the patch
                raise
            return ""
        return scratch.run("write-tree").decode().strip()


def pack_record(record: CommitRecord) -> bytes:
    """Return a record as JSON."""
    changes = [[getattr(change, name) for name in Change.__dataclass_fields__] for change in record.changes]
    found = record.verification
    verification = [found.verdict, found.tree, found.notes]
    lines = b85encode(record.lines).decode()
    return json.dumps([record.sha, changes, verification, record.parts, record.patch_id, lines]).encode()


def unpack_record(data: bytes) -> CommitRecord:
    """Return the record that `pack_record` packed."""
    sha, changes, (verdict, tree, notes), parts, patch_id, lines = json.loads(data)
    names = tuple(Change.__dataclass_fields__)
    return CommitRecord(
        sha=sha,
        changes=tuple(Change(**dict(zip(names, values, strict=True))) for values in changes),
        verification=Verification(verdict=verdict, tree=tree, notes=tuple(notes)),
        patch_id=patch_id,
        lines=b85decode(lines),
        parts=tuple(parts),
    )
