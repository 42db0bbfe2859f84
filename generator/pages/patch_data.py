"""Patches as data: one file of all, in the style of `pages.api`."""

from generator.model.pages import Asset
from generator.model.patches import Application, Patch
from generator.model.paths import commit_path
from generator.pages.api import ROOT, Record, json_asset, moment_record, person_record
from generator.pages.holdings import Holdings, Item
from generator.pages.patch_downloads import Offer, Offers
from generator.render.escape import decode

PATCHES_JSON = f"{ROOT}patches.json"


def patches(holdings: Holdings, offers: dict[str, Offers]) -> Asset:
    """Return every patch, by collection and in each in its order; `offers` has an entry for each collection."""
    records = [_patch(item, holdings, offers[item.collection.name]) for item in holdings.items]
    facts = {"collections": len(holdings.collections)}
    return json_asset(PATCHES_JSON, "patches", holdings.site_url, facts, "patches", records)


def _patch(item: Item, holdings: Holdings, offers: Offers) -> Record:
    patch, site_url = item.patch, holdings.site_url
    mail = offers.mails.get(patch.name)
    return {
        "collection": item.collection.name,
        "name": patch.name,
        "url": site_url + item.path,
        **_origin(item),
        **_words(item),
        "files": [decode(file.path) for file in patch.files],
        "problem": patch.problem or None,
        "patch_id": item.facts.patch_id or None,
        "provenance": _provenance(item, holdings),
        "superseded": item.superseded,
        "applications": [_application(application) for application in item.facts.applications],
        "received": _offer(offers.received[patch.name], site_url),
        "mail": _offer(mail, site_url) if mail else None,
    }


def _origin(item: Item) -> Record:
    collection, target = item.collection, item.collection.target
    return {
        "kind": collection.kind,
        "distribution": collection.distribution or None,
        "target": {
            "package": target.package,
            "version": target.version,
            "source": target.source or None,
            "tag": target.tag or None,
        },
    }


def _words(item: Item) -> Record:
    patch = item.patch
    return {
        "form": patch.form,
        "subject": patch.subject or None,
        "author": person_record(patch.author) if patch.author else None,
        "date": moment_record(item.when) if item.when else None,
        "message": patch.message.strip("\n"),
        "trailers": [[trailer.key, trailer.value] for trailer in patch.trailers],
        "message_id": patch.message_id.strip("<>") or None,
        "series": _series(patch),
    }


def _series(patch: Patch) -> Record:
    return {"version": patch.version, "number": patch.number, "total": patch.total}


def _provenance(item: Item, holdings: Holdings) -> Record:
    found = item.facts.provenance
    has_page = holdings.commit(found.source, found.sha) is not None
    return {
        "verdict": item.verdict,
        "source": found.source or None,
        "commit": found.sha or None,
        "url": holdings.site_url + commit_path(found.source, found.sha) if has_page else None,
        "share": round(found.share, 4),
        "first_release": found.first_tag or None,
        "carried_by": [list(other) for other in found.carried_by],
        "forwarded": found.forwarded or None,
    }


def _application(application: Application) -> Record:
    return {
        "source": application.source,
        "tag": application.tag,
        "verdict": application.verdict,
        "reason": application.reason,
        "hunks": [
            {
                "file": hunk.file,
                "number": hunk.number,
                "verdict": hunk.verdict,
                "offset": hunk.offset,
                "fuzz": hunk.fuzz,
            }
            for hunk in application.hunks
        ],
    }


def _offer(offer: Offer, site_url: str) -> Record:
    return {"url": site_url + offer.path, "size_bytes": offer.size_bytes, "sha256": offer.sha256}
