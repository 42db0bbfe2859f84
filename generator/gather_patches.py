"""Collections of patches brought together from wherever they are, and what the histories say about them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from generator.config import Config
from generator.errors import PortalError
from generator.model.histories import History
from generator.model.mirrors import Tag
from generator.model.patches import Collection, DistGit, Facts
from generator.output.cache import Cache
from generator.relate.matching import index_history
from generator.relate.provenance import trace
from generator.relate.targets import with_tag
from generator.sources.debian import survey_debian
from generator.sources.dist_git import load_dist_git
from generator.sources.git import Mirror
from generator.sources.patches import load_collections
from generator.sync import Say
from generator.work.application import try_collections
from generator.work.batches import Said


def gather_collections(config: Config, tags: Mapping[str, Sequence[Tag]], say: Say) -> tuple[Collection, ...]:
    """Return every collection, its target found among the tags of the git sources (by name).

    A distribution's package that cannot be read is said and left out; our own folder must be right.
    """
    origins = config.patches
    debian, problems = survey_debian(origins.debian, config.debian_folder)
    for problem in problems:
        say(f"patches: {problem}")
    found = [*load_collections(origins.folder, config.missing_patches_folder), *debian]
    found += [collection for origin in origins.dist_git if (collection := _dist_git(config, origin, say))]
    names = {source: [tag.name for tag in own] for source, own in tags.items()}
    return tuple(with_tag(collection, names) for collection in found)


def _dist_git(config: Config, origin: DistGit, say: Say) -> Collection | None:
    mirror = Mirror(config.dist_git_folder(origin))
    if mirror.state is None:
        say(f"patches: {origin.name} was not mirrored yet: run kdump-portal sync where its addresses can be reached")
        return None
    try:
        return load_dist_git(mirror, origin.name, origin.title, origin.distribution)
    except PortalError as problem:
        say(f"patches: {problem}")
        return None


def collections_key(collections: Sequence[Collection]) -> str:
    """Return a digest of all that collections say and hold."""
    digest = hashlib.blake2b(digest_size=8)
    for collection in collections:
        digest.update(repr(replace(collection, patches=())).encode("utf-8", "surrogateescape"))
        for patch in collection.patches:
            digest.update(f"{patch.name}\0{patch.sha256}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def patch_facts(
    collections: Sequence[Collection],
    histories: Mapping[str, History],
    mirrors: Mapping[str, Mirror],
    cache: Cache,
    said: Said,
) -> Facts:
    """Return what the histories (by source) say of every patch: where it went, and whether it applies."""
    indexes = {name: index_history(history) for name, history in histories.items()}
    tags = {name: history.tags for name, history in histories.items()}
    applications = try_collections(collections, tags, mirrors, cache, said)
    facts = trace(collections, indexes)
    return {key: replace(found, applications=applications.get(key, ())) for key, found in facts.items()}
