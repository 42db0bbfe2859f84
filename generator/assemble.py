"""A git source put together: its history related, and every page and file that shows it.

What search knows comes first where both are asked for, so that its index can be made while the rest is shown.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from generator.config import Config
from generator.model.commits import Commit
from generator.model.files import HEAD, Listing, Tree, TreeEntry
from generator.model.histories import GitSource, History
from generator.model.mirrors import Tag
from generator.model.pages import Asset, Fragment, Output
from generator.model.paths import bundle_path, diff_path, patch_path, raw_path
from generator.model.releases import ReleaseFacts, Tarball, is_pre_release
from generator.output.cache import Cache
from generator.pages import api
from generator.pages.commits import Mentions, commit_facts, commit_page, part_pages
from generator.pages.comparisons import comparison_pages
from generator.pages.feeds import commits_feed, releases_feed
from generator.pages.files import blob_page, files_index_pages, history_pages, tree_pages
from generator.pages.manual import manual_page
from generator.pages.releases import downloads, release_before, release_page, releases_page, sha256sums
from generator.relate.files import copies, departures, file_histories, list_files, places, readme_of
from generator.relate.references import Names, references
from generator.relate.releases import by_tag, first_tags
from generator.relate.subject_places import Tested
from generator.shards import Shard
from generator.sources.git import Mirror, list_tree
from generator.sources.manuals import read_manual
from generator.sources.signatures import check_signatures
from generator.sources.tarballs import load_tarballs
from generator.work.batches import Said
from generator.work.blobs import highlight_blobs, is_link, unpack_facts
from generator.work.commits import unpack_record
from generator.work.keys import blob_key, comparison_key, diff_key, patch_key, plain_diff_key, record_key, renderer_key
from generator.work.releases import compare_releases, make_snapshots

BLOCK = 64  # commits that are shown anew together


def relate_history(
    source: GitSource, branch: str, commits: Sequence[Commit], tags: Sequence[Tag], cache: Cache, notice: str
) -> History:
    """Join what was read of a source. Every commit's record must be in the cache."""
    by_sha = {commit.sha: commit for commit in commits}
    found = first_tags(by_sha, tags)
    children: dict[str, list[str]] = {}
    for commit in commits:
        for parent in commit.parents:
            children.setdefault(parent, []).append(commit.sha)
    kept = cache.get_all(f"{renderer_key()}/record/")
    return History(
        source=source,
        branch=branch,
        head=commits[0].sha if commits else "",
        commits=tuple(commits),
        by_sha=by_sha,
        records={commit.sha: unpack_record(kept[record_key(commit.sha)]) for commit in commits},
        tags=tuple(tags),
        children={sha: tuple(shas) for sha, shas in children.items()},
        first_tag=found,
        by_tag=by_tag(commits, found),
        references=references(commits, Names(list(by_sha))),
        notice=notice,
    )


def commit_shards(history: History, said: Mentions) -> Iterator[Shard]:
    """Yield the pages and patches of a source's commits, the oldest first, with all that is shown of them in the keys.

    `said` is what patches and reports say of the commits. What is the same for all commits is in no key.
    """
    names = Names(list(history.by_sha))
    shas = ["", *(commit.sha for commit in history.commits), ""]
    rows = list(zip(history.commits, shas[2:], shas, strict=False))[::-1]
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        digest = hashlib.blake2b(digest_size=16)
        for commit, older, newer in block:
            digest.update(f"{commit.sha}{commit_facts(commit, history, names, older, newer, said)}".encode())
        outputs = partial(_commit_outputs, history, names, said, block)
        yield Shard(name=f"commits {start // BLOCK}", key=digest.hexdigest(), outputs=outputs)


def _commit_outputs(
    history: History, names: Names, said: Mentions, block: Sequence[tuple[Commit, str, str]]
) -> Iterator[Output]:
    source = history.source.name
    for commit, older, newer in block:
        parts = history.records[commit.sha].parts
        fragments = [Fragment(diff_key(commit.sha, part)) for part in range(1, len(parts) + 1)]
        yield commit_page(commit, history, names, fragments[:1], older, newer, said)
        yield from part_pages(commit, history, fragments)
        if commit.is_merge:
            yield Asset(path=bundle_path(source, commit.sha), body=(Fragment(plain_diff_key(commit.sha)),))
        else:
            yield Asset(path=patch_path(source, commit.sha), body=(Fragment(patch_key(commit.sha)),))
            yield Asset(path=diff_path(source, commit.sha), body=(Fragment(plain_diff_key(commit.sha)),))


def shown_tags(history: History) -> tuple[Tag, ...]:
    """Return the tags whose files are shown beside the head's; `newest` stands for the newest release."""
    named = {tag.name: tag for tag in history.tags if tag.commit and tag.name != HEAD}
    newest = next((tag.name for tag in named.values() if not is_pre_release(tag.name)), "")
    wanted = [newest if name == "newest" else name for name in history.source.trees]
    return tuple(named[name] for name in dict.fromkeys(wanted) if name in named)


def file_outputs(
    history: History, mirror: Mirror, cache: Cache, said: Said
) -> tuple[Iterator[Output], Iterator[Output]]:
    """Return the pages of blobs, and those of trees and file histories."""
    refs = [(HEAD, history.head), *((tag.name, tag.commit) for tag in shown_tags(history))]
    trees = [Tree(ref, sha, tuple(TreeEntry(*row) for row in list_tree(mirror, sha))) for ref, sha in refs]
    listings = [list_files(tree, history.commits, history.records) for tree in trees]
    return _blob_outputs(history, listings, mirror, cache, said), _tree_outputs(history, listings, cache)


def _tree_outputs(history: History, listings: Sequence[Listing], cache: Cache) -> Iterator[Output]:
    for listing in listings:
        readme = readme_of(listing)
        data = cache.get(blob_key("raw", readme.blob, readme.path)) if readme else None
        yield from tree_pages(history, listing, listings, data or b"")
    yield from _history_outputs(history, listings[0])


def _blob_outputs(
    history: History, listings: Sequence[Listing], mirror: Mirror, cache: Cache, said: Said
) -> Iterator[Output]:
    standing = places(listings)
    blobs = [(blob, spots[0].path, is_link(spots)) for blob, spots in standing.items()]
    highlight_blobs(mirror, blobs, cache, said)
    for blob, path, _ in blobs:
        facts = unpack_facts(cache.get(blob_key("facts", blob, path)))
        yield blob_page(history, blob, standing[blob], Fragment(blob_key("html", blob, path)), facts)
        raw = raw_path(history.source.name, blob, facts.binary)
        yield Asset(path=raw, body=(Fragment(blob_key("raw", blob, path)),))


def _history_outputs(history: History, head: Listing) -> Iterator[Output]:
    histories = file_histories(history.commits, history.records, history.head)
    gone = departures(history.commits, history.records, history.head)
    copied = copies(history.commits, history.records)
    entries = {entry.path: entry for entry in head.tree.entries}
    for path in sorted(histories.keys() | entries.keys()):
        yield from history_pages(
            history, path, histories.get(path, ()), entries.get(path), gone.get(path), copied.get(path)
        )
    yield from files_index_pages(history, head, gone)


def release_outputs(
    history: History, mirror: Mirror, config: Config, cache: Cache, said: Said, tested: Tested
) -> Iterator[Output]:
    """Yield the pages of releases, what changed between them, and their downloads. They depend on the tags alone."""
    source = history.source
    tags = history.tags
    folder = config.releases_folder(source)
    snapshots = make_snapshots(
        mirror, tags, _xz_tags(history), name=source.name, folder=folder / "snapshots", said=said
    )
    signatures = check_signatures(mirror, tags, source.keyring, kept=folder / "signatures.json")
    tarballs = load_tarballs(source.tarballs, tags, folder=folder / "tarballs") if source.tarballs else {}
    shown = {tag.name for tag in shown_tags(history)}
    before = {tag.name: release_before(history, tag) for tag in tags if tag.commit}
    facts = {
        tag.name: ReleaseFacts(
            signature=signatures[tag.name],
            archives=(*tarballs.get(tag.name, Tarball()).archives, *snapshots.get(tag.name, ())),
            note=tarballs.get(tag.name, Tarball()).note,
            tree=tag.name in shown,
            diff=before.get(tag.name) is not None,
        )
        for tag in tags
    }
    for tag in tags:
        yield release_page(history, tag, facts[tag.name], tested)
    yield releases_page(history, facts)
    archives = [archive for tag in tags for archive in facts[tag.name].archives]
    yield from downloads(history, archives)
    if archives:
        yield sha256sums(history, archives)
    yield from _comparison_outputs(history, before, mirror, cache, said)
    if config.site_url:
        yield releases_feed(history, config.site_url)
        yield api.releases(history, facts, config.site_url)


def data_outputs(history: History, mirror: Mirror, site_url: str) -> Iterator[Output]:
    """Yield feed and data about commits and files; their addresses must be absolute, so without `site_url` none."""
    if site_url:
        yield commits_feed(history, site_url)
        yield from api.commits(history, site_url)
        yield api.files(history, list_tree(mirror, history.head), site_url)


def manual_outputs(history: History, mirror: Mirror) -> Iterator[Output]:
    """Yield the page of a source's manual, where it has one."""
    if history.source.manual:
        yield manual_page(history, read_manual(mirror, history.head, history.source.manual))


def _xz_tags(history: History) -> list[str]:
    newest = next((tag.name for tag in history.tags if tag.commit and not is_pre_release(tag.name)), "")
    return [newest if name == "newest" else name for name in history.source.xz]


def _comparison_outputs(
    history: History, before: Mapping[str, Tag | None], mirror: Mirror, cache: Cache, said: Said
) -> Iterator[Output]:
    pairs = [(before[tag.name], tag) for tag in history.tags if before.get(tag.name)]
    found = compare_releases(mirror, [(older.commit, tag.commit) for older, tag in pairs], cache, said)
    for older, tag in pairs:
        facts = found[older.commit, tag.commit]
        keys = [comparison_key(older.commit, tag.commit, part) for part in range(1, len(facts.parts) + 1)]
        yield from comparison_pages(history, older, tag, facts.changes, facts.parts, [Fragment(key) for key in keys])
