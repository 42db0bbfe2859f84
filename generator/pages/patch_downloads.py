"""What a collection gives away: every file as received, a mail for `git am` of each patch, the series, and sums."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from generator.model.pages import Asset
from generator.model.patches import Collection, Patch
from generator.model.paths import patch_mail_path, received_path, received_sums_path, series_path, sums_path
from generator.pages.holdings import of_version, versions
from generator.render.escape import esc
from generator.render.html import href
from generator.render.mails import am_mail, can_mail, series_mbox, series_tar


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One file to download. `label` says what it is; `name` is the file's own name when its address has another."""

    label: str
    asset: Asset
    sha256: str
    size_bytes: int
    name: str

    @property
    def path(self) -> str:
        """Where it stands."""
        return self.asset.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Everything a collection gives away; by the names of its patches, and by version for the series."""

    received: Mapping[str, Offer]
    mails: Mapping[str, Offer]
    series: Mapping[int, tuple[Offer, ...]]  # for git am, for quilt, for mail readers; 0 is the newest version
    sums: tuple[Asset, ...]

    def assets(self) -> Iterator[Asset]:
        """Yield every file once: the mails of one mbox were received as one."""
        files = {offer.path: offer for offer in self.received.values()}
        series = (offer for offers in self.series.values() for offer in offers)
        for offer in (*files.values(), *self.mails.values(), *series):
            yield offer.asset
        yield from self.sums


def offers_of(collection: Collection) -> Offers:
    """Make everything that a collection gives away."""
    received: dict[str, Offer] = {}
    files: dict[str, Offer] = {}
    for patch in collection.patches:
        file, label, data = _received(patch)
        if file not in files:
            files[file] = _offer(label, received_path(collection.name, file), data, file)
        received[patch.name] = files[file]
    mails = {
        patch.name: _offer(
            "Mail for git am", patch_mail_path(collection.name, patch.name), am_mail(patch, collection), ""
        )
        for patch in collection.patches
        if can_mail(patch)
    }
    series = dict(_series(collection))
    made = [*mails.values(), *(offer for offers in series.values() for offer in offers)]
    return Offers(received=received, mails=mails, series=series, sums=tuple(_sums(collection, files, made)))


def _received(patch: Patch) -> tuple[str, str, bytes]:
    """Return the name, label and bytes of what was received; where those were not kept, of what was in it."""
    if patch.received:
        return patch.file or patch.name, "As received", patch.received
    if patch.packing:
        return patch.name.removesuffix(f".{patch.packing}"), "As received, unpacked", patch.data
    return patch.file or patch.name, "As received", patch.data


def _series(collection: Collection) -> Iterator[tuple[int, tuple[Offer, ...]]]:
    """Yield the series of each version that has patches, the newest as 0."""
    for age, version in enumerate(reversed(versions(collection))):
        one = replace(collection, patches=of_version(collection, version))
        if any(map(can_mail, one.patches)):
            number = version if age else 0
            yield number, tuple(_series_offers(one, number))


def _series_offers(collection: Collection, number: int) -> Iterator[Offer]:
    yield _offer(
        "The series for git am", series_path(collection.name, "series.mbox", number), series_mbox(collection), ""
    )
    yield _offer(
        "The series for quilt", series_path(collection.name, "series.tar.gz", number), series_tar(collection), ""
    )
    if len(collection.patches) > 1:
        thread = series_mbox(collection, cover=True)
        yield _offer(
            "The thread with its cover letter, for b4 and mail readers",
            series_path(collection.name, "thread.mbox", number),
            thread,
            "",
        )


def _sums(collection: Collection, files: Mapping[str, Offer], made: Iterable[Offer]) -> Iterator[Asset]:
    for path, offers in ((sums_path(collection.name), made), (received_sums_path(collection.name), files.values())):
        lines = sorted(f"{offer.path.rpartition('/')[2]}\0{offer.sha256}" for offer in offers)
        if lines:
            text = "".join(f"{sha256}  {name}\n" for name, sha256 in (line.split("\0") for line in lines))
            yield Asset(path=path, body=(text.encode(),))


def _offer(label: str, path: str, data: bytes, name: str) -> Offer:
    return Offer(
        label=label,
        asset=Asset(path=path, body=(data,)),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        name=name if name != path.rpartition("/")[2] else "",
    )


def download_list(offers: Iterable[Offer], here: str) -> str:
    """Return offers as a list with sizes and sums."""
    items = "".join(_item(offer, here) for offer in offers)
    return f'<ul class="downloads">\n{items}</ul>\n'


def _item(offer: Offer, here: str) -> str:
    name = offer.path.rpartition("/")[2]
    wanted = f'="{esc(offer.name)}"' if offer.name else ""
    return (
        f'<li><a href="{href(offer.path, here)}" download{wanted}>{esc(offer.name or name)}</a> '
        f'<span class="note">{offer.label}, {offer.size_bytes:,} bytes</span> '
        f'<span class="note">SHA-256</span> <code class="sum">{offer.sha256}</code></li>\n'
    )
