"""Files of a tree, highlighted."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from generator.model.files import BlobFacts, Place
from generator.output.cache import Cache, pack
from generator.pages.files import blob_fragment
from generator.relate.files import blob_facts
from generator.render.code import language_of
from generator.sources.git import Mirror, open_blobs
from generator.work.batches import Entries, Said, highlighter, run_batches
from generator.work.keys import blob_key, renderer_key

BATCH = 24
Blob = tuple[str, str, bool]  # object name, path, whether it stands somewhere as a symbolic link


def highlight_blobs(mirror: Mirror, blobs: Iterable[Blob], cache: Cache, said: Said) -> None:
    """Work out the page bodies, facts and raw bytes of blobs that the cache does not know."""
    known = cache.keys(f"{renderer_key()}/blob/facts/")
    todo = [blob for blob in blobs if blob_key("facts", blob[0], blob[1]) not in known]
    run_batches(partial(highlight_batch, mirror.folder), todo, cache, said, batch=BATCH)


def highlight_batch(folder: Path, blobs: list[Blob]) -> Entries:
    """Return the packed cache entries of some blobs."""
    entries = []
    with open_blobs(Mirror(folder)) as reader:
        for name, path, is_link in blobs:
            data = reader.read(name) or b""
            entries += [
                (blob_key("raw", name, path), data),
                (blob_key("html", name, path), blob_fragment(data, path, _lines)),
                (blob_key("facts", name, path), _facts(data, path, is_link)),
            ]
    return [(key, pack(body)) for key, body in entries]


def _lines(data: bytes, path: str) -> tuple[str, ...]:
    return highlighter().file(data, path.encode("utf-8", "surrogateescape"))


def _facts(data: bytes, path: str, is_link: bool) -> bytes:
    lexer = language_of(path.encode("utf-8", "surrogateescape")).lexer
    return json.dumps(asdict(blob_facts(data, lexer.name if lexer else "", is_link=is_link))).encode()


def unpack_facts(data: bytes) -> BlobFacts:
    """Return the facts that were kept of a blob."""
    return BlobFacts(**json.loads(data))


def is_link(places: Iterable[Place]) -> bool:
    """Whether a blob stands somewhere as a symbolic link."""
    return any(place.mode == "120000" for place in places)
