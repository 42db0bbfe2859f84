"""What is made for releases: snapshots, and what changed since the release before."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

from generator.model.commits import Change
from generator.model.mirrors import Tag
from generator.model.releases import Archive
from generator.output.cache import Cache, pack
from generator.parse.diff import parse_diff
from generator.sources.archives import make_snapshot
from generator.sources.git import DIFF_OPTIONS, Mirror, open_blobs
from generator.work.batches import Entries, Said, run_batches
from generator.work.diffs import change_of, contents_of, diff_pages
from generator.work.keys import comparison_key, renderer_key

Pair = tuple[str, str]  # two commits, the older first


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed between two commits; `parts` are the numbers of files on each page of the diff."""

    changes: tuple[Change, ...]
    parts: tuple[int, ...]


def make_snapshots(
    mirror: Mirror, tags: Sequence[Tag], xz: Sequence[str], *, name: str, folder: Path, said: Said
) -> Mapping[str, tuple[Archive, ...]]:
    """Return every tag's snapshots, a .tar.gz each and a .tar.xz for the tags named in `xz`; made once and kept."""
    jobs = [(tag, ("gz", "xz") if tag.name in xz else ("gz",)) for tag in tags]
    work = partial(_snapshot, mirror.folder, name, folder)
    made: dict[str, tuple[Archive, ...]] = {}
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("fork")) as pool:
        for (tag, _), archives in zip(jobs, pool.map(work, jobs), strict=True):
            made[tag.name] = archives
            said(len(made), len(jobs))
    return made


def _snapshot(mirror_folder: Path, name: str, folder: Path, job: tuple[Tag, tuple[str, ...]]) -> tuple[Archive, ...]:
    tag, kinds = job
    return make_snapshot(Mirror(mirror_folder), tag, name=name, folder=folder, kinds=kinds)


def compare_releases(mirror: Mirror, pairs: Sequence[Pair], cache: Cache, said: Said) -> dict[Pair, Comparison]:
    """Return what changed between the commits of each pair; the diffs as HTML are kept in the cache."""
    known = cache.keys(f"{renderer_key()}/comparison/")
    todo = [pair for pair in pairs if comparison_key(*pair, 0) not in known]
    run_batches(partial(compare_batch, mirror.folder), todo, cache, said, batch=2)
    return {pair: _unpack(cache.get(comparison_key(*pair, 0)) or b"") for pair in pairs}


def compare_batch(folder: Path, pairs: list[Pair]) -> Entries:
    """Return the packed cache entries of some comparisons: the facts as number 0, then the pages."""
    mirror = Mirror(folder)
    entries = []
    with open_blobs(mirror) as blobs:
        for older, newer in pairs:
            text = mirror.run("diff-tree", "-r", "-p", *DIFF_OPTIONS, older, newer)
            files, _ = parse_diff(text, source=f"{older}..{newer}")
            parts, pages = diff_pages(files, [contents_of(file, blobs) for file in files])
            facts = Comparison(changes=tuple(map(change_of, files)), parts=parts)
            entries.append((comparison_key(older, newer, 0), pack(json.dumps(asdict(facts)).encode())))
            entries += [(comparison_key(older, newer, part), pack(page)) for part, page in enumerate(pages, 1)]
    return entries


def _unpack(data: bytes) -> Comparison:
    facts = json.loads(data)
    return Comparison(changes=tuple(Change(**change) for change in facts["changes"]), parts=tuple(facts["parts"]))
