"""The site as data: JSON with a published schema, one record a line so that versions of it compare well.

Commits are cut by the year they were committed in, so that a new one changes a single small file. Every address in
the data is absolute. Bytes that were not UTF-8 show as `\\xNN`, since JSON cannot hold them.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from generator.model.commits import Commit, Person, Stamp
from generator.model.histories import GitSource, History
from generator.model.mirrors import Tag
from generator.model.pages import Asset
from generator.model.paths import (
    blob_path,
    bundle_path,
    commit_path,
    diff_path,
    history_path,
    patch_path,
    release_path,
    slug,
    snapshot_path,
    source_path,
)
from generator.model.releases import Archive, ReleaseFacts
from generator.pages.releases import commits_since, release_before
from generator.render.atom import instant
from generator.render.html import year_of

ROOT = "api/v1/"
Record = dict[str, Any]
Row = tuple[str, str, str, int, str]  # mode, kind, object, size in bytes, path: as sources.git.list_tree gives it


def index(sources: Iterable[GitSource], site_url: str) -> Asset:
    """Return what there is: the sources and where their data stands."""
    records = [
        {
            "name": source.name,
            "title": source.title,
            "description": source.description,
            "url": site_url + source_path(source.name),
            **{kind: f"{site_url}{_folder(source.name)}{kind}.json" for kind in ("commits", "releases", "files")},
        }
        for source in sources
    ]
    return json_asset(f"{ROOT}index.json", "index", site_url, {}, "sources", records)


def commits(history: History, site_url: str) -> tuple[Asset, ...]:
    """Return the commits, newest first, a file for each year, and last the index of these files."""
    source = history.source.name
    years: dict[int, list[Record]] = {}
    for commit in history.commits:
        years.setdefault(year_of(commit.committed), []).append(_commit(history, commit, site_url))
    shards = [
        json_asset(_shard(source, year), "commits", site_url, {"source": source, "year": year}, "commits", records)
        for year, records in sorted(years.items())
    ]
    rows = [
        {"year": year, "commits": len(records), "url": site_url + _shard(source, year)}
        for year, records in sorted(years.items())
    ]
    facts = {"source": source, "branch": history.branch, "head": history.head, "total": len(history.commits)}
    return (*shards, json_asset(f"{_folder(source)}commits.json", "commit-index", site_url, facts, "years", rows))


def releases(history: History, facts_by_tag: Mapping[str, ReleaseFacts], site_url: str) -> Asset:
    """Return the releases, newest first; `facts_by_tag` has an entry for each tag."""
    source = history.source.name
    records = [_release(history, tag, facts_by_tag[tag.name], site_url) for tag in history.tags]
    return json_asset(f"{_folder(source)}releases.json", "releases", site_url, {"source": source}, "releases", records)


def files(history: History, rows: Iterable[Row], site_url: str) -> Asset:
    """Return the files at the head, by path, from the rows of its tree."""
    source = history.source.name
    facts = {"source": source, "branch": history.branch, "head": history.head}
    records = [_file(source, row, site_url) for row in rows]
    return json_asset(f"{_folder(source)}files.json", "files", site_url, facts, "files", records)


def schemas(texts: Mapping[str, str], site_url: str) -> tuple[Asset, ...]:
    """Return the published schemas; `texts` maps a name such as `commits` to the text of its schema."""
    return tuple(
        Asset(path=_schema(name), body=(_dump(json.loads(text) | {"$id": site_url + _schema(name)}, indent=1),))
        for name, text in sorted(texts.items())
    )


def _folder(source: str) -> str:
    return f"{ROOT}{slug(source)}/"


def _shard(source: str, year: int) -> str:
    return f"{_folder(source)}commits-{year}.json"


def _schema(name: str) -> str:
    return f"{ROOT}schema/{name}.json"


def json_asset(path: str, schema: str, site_url: str, facts: Record, key: str, records: list[Record]) -> Asset:
    """Return a file of `facts` and, under `key`, the records, one a line."""
    head = {"schema": site_url + _schema(schema), **facts}
    fields = b"".join(b" %s: %s,\n" % (_dump(name), _dump(value)) for name, value in head.items())
    lines = b",\n".join(b"  " + _dump(record) for record in records)
    body = b"{\n%s %s: [%s]\n}\n" % (fields, _dump(key), b"\n" + lines + b"\n " if lines else b"")
    return Asset(path=path, body=(body,))


def _dump(value: Any, indent: int | None = None) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=(",", ":") if indent is None else None)
    return SURROGATE_RE.sub(_mark, text).encode()


SURROGATE_RE = re.compile("[\ud800-\udfff]")


def _mark(match: re.Match[str]) -> str:
    """Return `\\xNN` for a byte, as `render.escape.esc` shows it; the backslash is escaped for JSON."""
    code = ord(match[0])
    return f"\\\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\\\u{{{code:04x}}}"


def _commit(history: History, commit: Commit, site_url: str) -> Record:
    source, record = history.source.name, history.records[commit.sha]
    return {
        "sha": commit.sha,
        "tree": commit.tree,
        "parents": list(commit.parents),
        "author": person_record(commit.author),
        "authored": moment_record(commit.authored),
        "committer": person_record(commit.committer),
        "committed": moment_record(commit.committed),
        "subject": commit.subject,
        "body": commit.body,
        "trailers": [[trailer.key, trailer.value] for trailer in commit.trailers],
        "first_release": history.first_tag.get(commit.sha),
        "related": [[reference.kind, reference.sha] for reference in history.references.get(commit.sha, ())],
        "verification": {
            "verdict": record.verification.verdict,
            "tree": record.verification.tree or None,
            "notes": list(record.verification.notes),
        },
        "files": [
            {
                "status": change.status,
                "path": change.path,
                "old_path": change.old_path,
                "added": change.added,
                "removed": change.removed,
            }
            for change in record.changes
        ],
        "url": site_url + commit_path(source, commit.sha),
        **_patches(source, commit, site_url),
    }


def _patches(source: str, commit: Commit, site_url: str) -> Record:
    if commit.is_merge:
        return {"bundle": site_url + bundle_path(source, commit.sha)}
    return {"patch": site_url + patch_path(source, commit.sha), "diff": site_url + diff_path(source, commit.sha)}


def person_record(person: Person) -> Record:
    """Return an identity."""
    return {"name": person.name, "email": person.email}


def moment_record(stamp: Stamp) -> Record:
    """Return the moment as git has it, and once more for readers that know calendars only."""
    return {"seconds": stamp.seconds, "zone": stamp.zone, "utc": instant(stamp)}


def _release(history: History, tag: Tag, facts: ReleaseFacts, site_url: str) -> Record:
    source, before = history.source.name, release_before(history, tag)
    return {
        "tag": tag.name,
        "commit": tag.commit or None,
        "target": tag.target,
        "annotated": tag.annotated,
        "tagger": person_record(tag.tagger) if tag.tagger else None,
        "date": moment_record(tag.stamp),
        "message": "\n\n".join(part for part in (tag.subject, tag.body.strip("\n")) if part),
        "signature": {
            "verdict": facts.signature.verdict,
            "reason": facts.signature.reason,
            "key": facts.signature.key,
            "signer": facts.signature.signer,
        },
        "previous": before.name if before else None,
        "commits": len(commits_since(history, tag)),
        "downloads": [_download(source, archive, site_url) for archive in facts.archives],
        "url": site_url + release_path(source, tag.name).removesuffix("index.html"),
    }


def _download(source: str, archive: Archive, site_url: str) -> Record:
    return {
        "kind": archive.kind,
        "name": archive.name,
        "size_bytes": archive.size_bytes,
        "sha256": archive.sha256,
        "tar_sha256": archive.tar_sha256 or None,
        "verdict": archive.verdict,
        "url": site_url + snapshot_path(source, archive.name),
    }


def _file(source: str, row: Row, site_url: str) -> Record:
    mode, kind, name, size_bytes, path = row
    return {
        "path": path,
        "mode": mode,
        "kind": kind,
        "object": name,
        "size_bytes": size_bytes,
        "url": site_url + blob_path(source, name) if kind == "blob" else None,
        "history": site_url + history_path(source, path),
    }
