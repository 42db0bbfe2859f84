"""The git sources made ready: their mirrors, and names for all that their pages depend on."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from generator.config import Config
from generator.errors import SourceError
from generator.gather_patches import collections_key
from generator.gather_reports import Shelf
from generator.model.histories import GitSource
from generator.model.mirrors import MirrorState
from generator.model.patches import Collection
from generator.model.releases import is_pre_release
from generator.pages.landing import Summary
from generator.relate.subject_places import tested_keys
from generator.sources.git import Mirror, read_tags
from generator.sources.signatures import public_keys
from generator.sources.tarballs import tarballs_digest
from generator.sync import sync_source
from generator.work.keys import code_key

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A source whose mirror is here. The groups name what its pages are made of: of everything, or of its tags.

    `around` names what all of them have besides: settings, code, the theme.
    """

    source: GitSource
    mirror: Mirror
    state: MirrorState
    around: str
    group: str
    releases_group: str

    def count(self) -> int:
        """Return how many commits it has."""
        return int(self.mirror.run("rev-list", "--count", "HEAD", "--tags"))

    def summary(self) -> Summary:
        """Return what the list of all sources says of it."""
        tags = read_tags(self.mirror)
        newest = next((tag.name for tag in tags if not is_pre_release(tag.name)), "")
        return Summary(source=self.source, commits=self.count(), tags=len(tags), newest=newest)


def find_mirror(config: Config, source: GitSource, say: Say) -> tuple[Mirror, MirrorState]:
    """Return the mirror. Folders of this machine are always read anew; the network is left to `sync`.

    Raises SourceError when there is none, or an old one where all sources are required.
    """
    mirror, state = _mirror(config, source, say)
    if state.problem and config.require_sources:
        raise SourceError(f"{source.name}: not reached: {state.problem}")
    return mirror, state


def make_ready(config: Config, source: GitSource, mirror: Mirror, state: MirrorState, shell_key: str) -> Ready:
    """Return the source with its mirror. Raises SourceError when git cannot read that."""
    around = _digest(config, source, shell_key, notice_of(state), config.site_url)
    tags = digest_of(around, mirror.run("for-each-ref", "refs/tags"))
    heads = (mirror.run("for-each-ref", "refs/heads"), mirror.run("symbolic-ref", "HEAD"))
    return Ready(
        source=source,
        mirror=mirror,
        state=state,
        around=around,
        group=f"{source.name}:{digest_of(tags, *heads)}",
        releases_group=f"{source.name}-releases:{tags}",
    )


def with_what_others_say(ready: Sequence[Ready], collections: Sequence[Collection], reports: Shelf) -> list[Ready]:
    """Put into the groups what else the pages of a source show: who carries a commit, which runs tested it."""
    tested = tested_keys(reports.briefs, reports.issues, {found.source.name for found in ready})
    carried = collections_key(collections) if collections else ""
    everything = digest_of(carried, *(found.group for found in ready)) if carried else ""
    return [
        replace(
            found,
            group=f"{found.group}-{everything}-{tested.get(found.source.name, '')}",
            releases_group=f"{found.releases_group}-{tested.get(found.source.name, '')}",
        )
        for found in ready
    ]


def notice_of(state: MirrorState) -> str:
    """Return what every page of a source says when it could not be reached."""
    if not state.problem:
        return ""
    day = datetime.fromtimestamp(state.fetched_at, UTC).date()
    return (
        f'<p class="notice">As of <time datetime="{day}">{day}</time>: the source could not be reached since, '
        "so newer commits may exist.</p>"
    )


def digest_of(*facts: str | bytes) -> str:
    """Return a short digest of facts in their order."""
    digest = hashlib.blake2b(digest_size=8)
    for fact in facts:
        digest.update((fact.encode() if isinstance(fact, str) else fact) + b"\0")
    return digest.hexdigest()


def _mirror(config: Config, source: GitSource, say: Say) -> tuple[Mirror, MirrorState]:
    mirror = Mirror(config.mirror_folder(source))
    local = [address for address in ((source.override,) if source.override else source.addresses) if _is_local(address)]
    if local:
        try:
            return mirror, sync_source(config, replace(source, override=local[0]), say)
        except SourceError:
            if mirror.state is None:
                raise
    state = mirror.state
    if state is None:
        raise SourceError(f"{source.name} was not mirrored yet")
    return mirror, state


def _is_local(address: str) -> bool:
    return address.startswith(("/", ".", "~", "file:")) or Path(address).exists()


def _digest(config: Config, source: GitSource, *others: str) -> str:
    """Return what all pages of a source depend on beside its references: settings and downloads, our code, the theme.

    Where things lie on this machine is no part of it: the site is the same wherever it is built.
    """
    shown = replace(source, override="", keyring="", addresses=source.public_addresses)
    return digest_of(
        tarballs_digest(config.releases_folder(source) / "tarballs"),
        public_keys(source.keyring),
        repr(shown),
        code_key(),
        *others,
    )
