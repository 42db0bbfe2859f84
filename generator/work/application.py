"""Whether patches apply, tried with `git apply` and `patch`, each on the tree that those before it left.

Git decides first: in place or moved. Then whether it is in there already. Then `patch` tries with fuzz, one file at
a time under names of ours, so that no name in a patch ever reaches it. All happens in throw-away folders.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.errors import SourceError
from generator.model.diffs import FileDiff
from generator.model.mirrors import Tag
from generator.model.patches import Application, Collection, HunkResult, Patch
from generator.model.releases import is_pre_release
from generator.output.cache import Cache, pack
from generator.parse.patch_output import SaidHunk, complaints, parse_apply_output, parse_patch_output
from generator.render.escape import decode
from generator.render.unified import body, unified
from generator.sources.git import Mirror
from generator.work.batches import Entries, Said, run_batches
from generator.work.keys import renderer_key

RECIPE = 1  # to be raised when the same tools would be asked otherwise
FUZZ = 2  # context lines that may differ, as `patch` and quilt have it by default
LARGEST_BYTES = 16 << 20  # of a patch, and of a file that is patched
TIMEOUT_S = 60.0
ORDER = ("clean", "offset", "fuzz", "failed")
NO_PATCH = "`patch` is not installed here, so fuzz and the single hunks were not tried"
FILE_MODES = ("100644", "100755")
SLASH = ord("/")

Applications = Mapping[tuple[str, str], tuple[Application, ...]]
"""By collection and patch name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Patches to be tried one after the other from a tag on."""

    collection: str
    folder: Path  # of the mirror
    source: str
    tag: str
    commit: str
    patches: tuple[Patch, ...]

    def keys(self) -> list[str]:
        """Return the cache key of each patch: it names the tag's commit, the patches so far and the tools."""
        digest = hashlib.sha256(f"{self.commit} {RECIPE} {tools()}".encode())
        keys = []
        for patch in self.patches:
            said = f"{patch.strip} {patch.problem}".encode("utf-8", "surrogateescape")
            digest.update(hashlib.sha256(patch.data).digest() + hashlib.sha256(said).digest())
            keys.append(f"{renderer_key()}/application/{digest.hexdigest()}")
        return keys


@cache
def tools() -> str:
    """Return the versions of the tools that decide; without `patch` it says so."""
    return "; ".join(_version(name) for name in ("git", "patch"))


def _version(name: str) -> str:
    if not shutil.which(name):
        return f"no {name}"
    done = subprocess.run([name, "--version"], capture_output=True, timeout=TIMEOUT_S, env=_environment("/"))
    return decode(done.stdout).partition("\n")[0]


def try_collections(
    collections: Sequence[Collection],
    tags: Mapping[str, Sequence[Tag]],
    mirrors: Mapping[str, Mirror],
    cache: Cache,
    said: Said,
) -> Applications:
    """Return for each patch whether it applies to the tag that its collection names and to the newest release.

    `tags` and `mirrors` are by source name, tags newest first. Results are kept in the cache for good. A patch whose
    target is no source here has one `unknown` application that says so; a cover letter has none.
    """
    chains = [chain for collection in collections for chain in _chains(collection, tags, mirrors)]
    known = cache.keys(f"{renderer_key()}/application/")
    todo = [chain for chain in chains if not known.issuperset(chain.keys())]
    run_batches(partial(try_chains, "no patch" not in tools()), todo, cache, said, batch=1)
    found: dict[tuple[str, str], tuple[Application, ...]] = {
        (collection.name, patch.name): _untried(collection, tags, mirrors)
        for collection in collections
        for patch in collection.patches
        if _has_change(patch)
    }
    for chain in chains:
        for patch, key in zip(chain.patches, chain.keys(), strict=True):
            kept = json.loads(cache.get(key) or b"")
            place = (chain.collection, patch.name)
            found[place] += (_unpack(chain, kept),)
    return found


def _has_change(patch: Patch) -> bool:
    return bool(patch.files or patch.problem)


def _chains(
    collection: Collection, tags: Mapping[str, Sequence[Tag]], mirrors: Mapping[str, Mirror]
) -> Iterator[Chain]:
    source = collection.target.source
    for tag in _tried_tags(collection, tags) if source in mirrors else ():
        for patches in _runs(collection):
            yield Chain(
                collection=collection.name,
                folder=mirrors[source].folder,
                source=source,
                tag=tag.name,
                commit=tag.commit,
                patches=patches,
            )


def _tried_tags(collection: Collection, tags: Mapping[str, Sequence[Tag]]) -> list[Tag]:
    """Return the tag that the collection names and the newest release, which may be the same."""
    usable = [tag for tag in tags.get(collection.target.source, ()) if tag.commit]
    named = [tag for tag in usable if tag.name == collection.target.tag]
    newest = [tag for tag in usable if not is_pre_release(tag.name)][:1]
    return list(dict.fromkeys([*named, *newest]))


def _runs(collection: Collection) -> list[tuple[Patch, ...]]:
    """Return the patches that follow each other: those of a collection, the versions of a series each by itself."""
    by_version: dict[int, list[Patch]] = {}
    for patch in filter(_has_change, collection.patches):
        version = patch.version if collection.kind == "series" else 0
        by_version.setdefault(version, []).append(patch)
    return [tuple(patches) for patches in by_version.values()]


def _untried(
    collection: Collection, tags: Mapping[str, Sequence[Tag]], mirrors: Mapping[str, Mirror]
) -> tuple[Application, ...]:
    target = collection.target
    if target.source not in mirrors:
        reason = f"no git source here is {target.package or 'what it applies to'}"
    elif target.tag in {tag.name for tag in tags.get(target.source, ()) if tag.commit}:
        return ()
    else:
        reason = f"no tag of {target.source} is known to be version {target.version or 'it applies to'}"
    return (Application(source=target.source, tag="", verdict="unknown", reason=reason),)


def _unpack(chain: Chain, kept: Mapping) -> Application:
    hunks = tuple(HunkResult(**hunk) for hunk in kept["hunks"])
    return Application(source=chain.source, tag=chain.tag, verdict=kept["verdict"], hunks=hunks, reason=kept["reason"])


@dataclass(frozen=True, slots=True)
class _Outcome:
    verdict: str
    hunks: tuple[HunkResult, ...] = ()
    reason: str = ""


def try_chains(has_patch: bool, chains: list[Chain]) -> Entries:
    """Return the packed cache entries of some chains. Can be sent to another process."""
    return [entry for chain in chains for entry in _try_chain(has_patch, chain)]


def _try_chain(has_patch: bool, chain: Chain) -> Iterator[tuple[str, bytes]]:
    left_out: list[str] = []
    with Mirror(chain.folder).scratch() as tree:
        tree.run("read-tree", chain.commit)
        for patch, key in zip(chain.patches, chain.keys(), strict=True):
            outcome = _try_patch(tree, patch, has_patch)
            reason = "; ".join(filter(None, [outcome.reason, _without(left_out)]))
            facts = {"verdict": outcome.verdict, "hunks": [*map(asdict, outcome.hunks)], "reason": reason}
            yield key, pack(json.dumps(facts).encode())
            if outcome.verdict in ("failed", "unknown"):
                left_out.append(patch.name)


def _without(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"tried without {names[0]}{more}, which did not apply before it"


def _try_patch(tree: Mirror, patch: Patch, has_patch: bool) -> _Outcome:
    """Apply a patch to the index, or leave that as it is."""
    if not patch.files:
        return _Outcome("unknown", reason=patch.problem)
    if len(patch.data) > LARGEST_BYTES:
        return _Outcome("unknown", reason=f"it is larger than {LARGEST_BYTES >> 20} MiB, so it was not tried")
    diff, strip = _diff(patch)
    before = b"" if any(file.hunks or file.binary for file in patch.files) else tree.run("write-tree")
    status, words = _git_apply(tree, diff, strip)
    if status == 0 and before and tree.run("write-tree") == before:
        return _Outcome("applied")  # of modes alone, which git sets again without a word
    if status == 0:
        return _moved(patch.files, parse_apply_output(words))
    if _git_apply(tree, diff, strip, "--reverse", "--check")[0] == 0:
        return _Outcome("applied")
    if any(file.binary for file in patch.files):
        return _Outcome("failed", reason=_first(words) + "; a patch of binary files is tried by git alone")
    if not has_patch:
        return _Outcome("failed", reason=f"{_first(words)}; {NO_PATCH}")
    return _try_files(tree, patch.files)


def _diff(patch: Patch) -> tuple[bytes, int]:
    """Return what git is given and its -p level: a binary patch as it is, any other as it was read."""
    if any(file.binary for file in patch.files):
        return patch.data, patch.strip
    return unified(patch.files), 1


def _git_apply(tree: Mirror, diff: bytes, strip: int, *options: str) -> tuple[int, str]:
    """Return git's exit status and words. With its check of names git never leaves the index."""
    command = ("apply", "--cached", "--verbose", "--whitespace=nowarn", f"-p{strip}", *options, "-")
    with tree.open(*command) as process:
        _, errors = process.communicate(diff)
    return process.returncode, decode(errors)


def _first(words: str) -> str:
    return f"git says: {next(iter(complaints(words)), 'no reason')}"


def _moved(files: Sequence[FileDiff], said: Sequence[Sequence[SaidHunk]]) -> _Outcome:
    padded = [*said, *[()] * (len(files) - len(said))]
    hunks = [result for file, spoken in zip(files, padded, strict=False) for result in _results(file, spoken)]
    return _Outcome(_worst(hunks), tuple(hunks))


def _results(file: FileDiff, said: Iterable[SaidHunk]) -> list[HunkResult]:
    """Return the results of a file's hunks; of a hunk that went in as it is, nothing was said."""
    spoken = {hunk.number: hunk for hunk in said}
    name = decode(file.path)
    return [_result(name, number, spoken.get(number)) for number in range(1, len(file.hunks) + 1)]


def _result(name: str, number: int, said: SaidHunk | None) -> HunkResult:
    if said is None:
        return HunkResult(file=name, number=number, verdict="clean")
    if said.failed:
        return HunkResult(file=name, number=number, verdict="failed")
    verdict = "fuzz" if said.fuzz else "offset" if said.offset else "clean"
    return HunkResult(file=name, number=number, verdict=verdict, offset=said.offset, fuzz=said.fuzz)


def _worst(hunks: Iterable[HunkResult]) -> str:
    return max((hunk.verdict for hunk in hunks), key=ORDER.index, default="clean")


class _Refused(ValueError):
    """A file cannot be patched at all; the message says why."""


def _try_files(tree: Mirror, files: Sequence[FileDiff]) -> _Outcome:
    """Try every file with `patch`; only when all went well does the index take the results."""
    index = _Files(tree)
    hunks: list[HunkResult] = []
    reasons: list[str] = []
    for file in files:
        try:
            hunks += _try_file(index, file)
        except _Refused as problem:
            hunks += _results(file, [SaidHunk(number, True, 0, 0) for number in range(1, len(file.hunks) + 1)])
            reasons.append(f"{decode(file.path)}: {problem}")
    verdict = "failed" if reasons else _worst(hunks)
    if verdict != "failed":
        try:
            index.write()
        except SourceError as problem:
            return _Outcome("failed", tuple(hunks), f"git does not take the result: {problem}")
    return _Outcome(verdict, tuple(hunks), "; ".join(reasons[:3]))


class _Files:
    """Files of the index, and what became of them."""

    def __init__(self, tree: Mirror) -> None:
        self._tree = tree
        rows = [row.partition(b"\t") for row in tree.run("ls-files", "--stage", "-z").split(b"\0") if row]
        self._entries = {path: facts.decode().split()[:2] for facts, _, path in rows}
        self._changed: dict[bytes, tuple[str, bytes] | None] = {}

    def read(self, path: bytes) -> tuple[str, bytes] | None:
        """Return (mode, content), None when there is no such file."""
        if path in self._changed:
            return self._changed[path]
        if path not in self._entries:
            self._check_place(path)
            return None
        mode, blob = self._entries[path]
        if mode not in FILE_MODES:
            raise _Refused("is a link or a submodule, which `patch` is not given")
        if int(self._tree.run("cat-file", "-s", blob)) > LARGEST_BYTES:
            raise _Refused(f"is larger than {LARGEST_BYTES >> 20} MiB, so it was not tried")
        return mode, self._tree.run("cat-file", "blob", blob)

    def _check_place(self, path: bytes) -> None:
        """Refuse a new path where the tree has something else: a folder, or a file or a link for its folder."""
        folders = [path[:at] for at, letter in enumerate(path) if letter == SLASH]
        if any(folder in self._entries and self._changed.get(folder, True) for folder in folders):
            raise _Refused("lies below what is no folder")
        if any(entry.startswith(path + b"/") for entry in self._entries):
            raise _Refused("is a folder")

    def put(self, path: bytes, content: tuple[str, bytes] | None) -> None:
        """Set what a file has become; None: it is gone."""
        self._changed[path] = content

    def write(self) -> None:
        """Put what has changed into the index. Raises SourceError when git refuses a name."""
        rows = [b"%b\t%b\0" % (self._row(content), path) for path, content in self._changed.items()]
        self._tree.run("update-index", "-z", "--index-info", stdin=b"".join(rows))

    def _row(self, content: tuple[str, bytes] | None) -> bytes:
        if content is None:
            return b"0 " + b"0" * 40
        blob = self._tree.run("hash-object", "-w", "--stdin", stdin=content[1]).strip()
        return b"%b %b" % (content[0].encode(), blob)


def _try_file(index: _Files, file: FileDiff) -> list[HunkResult]:
    """Patch one file; return its hunks. Raises _Refused when it is not one that could be patched."""
    old = None if file.status == "A" else index.read(file.old_path)
    if old is None and file.status != "A":
        raise _Refused("there is no such file")
    if file.status != "M" and file.status != "D" and index.read(file.path) is not None:
        raise _Refused("is there already")
    mode, data = old or (FILE_MODES[0], b"")
    new, said = run_patch(data, file) if file.hunks else (data, ())
    results = _results(file, said)
    if file.status in ("R", "D"):
        index.put(file.old_path, None)
    if file.status == "D" and new and _worst(results) != "failed":
        raise _Refused("would be deleted, but has more in it than the patch knows")
    if file.status != "D":
        index.put(file.path, (file.new_mode if file.new_mode in FILE_MODES else mode, new))
    return results


def run_patch(old: bytes, file: FileDiff) -> tuple[bytes, tuple[SaidHunk, ...]]:
    """Return a file's content after `patch`, and what was said of its hunks. Raises _Refused when `patch` gave up.

    In and out are files of ours in a folder that is gone afterwards, whatever names the patch has in it.
    """
    with TemporaryDirectory(prefix="kdump-portal-") as name:
        folder = Path(name)
        (folder / "old").write_bytes(old)
        (folder / "diff").write_bytes(body(file.hunks, b"old", b"new"))
        options = ["--unified", "--force", "--binary", f"--fuzz={FUZZ}", "--output=new", "--reject-file=rejected"]
        try:
            done = subprocess.run(
                ["patch", *options, "old", "diff"],
                cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, env=_environment(name),
            )  # fmt: skip
        except subprocess.TimeoutExpired as problem:
            raise _Refused("`patch` did not come to an end") from problem
        if done.returncode not in (0, 1) or not (folder / "new").is_file():
            raise _Refused(f"`patch` gave up: {decode(done.stderr).strip().partition(chr(10))[0] or 'no reason given'}")
        return (folder / "new").read_bytes(), parse_patch_output(decode(done.stdout))


def _environment(folder: str) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TMPDIR": folder, "PATCH_GET": "0"}
