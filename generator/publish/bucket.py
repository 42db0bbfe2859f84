"""Publishing into a bucket of S3 or a storage that speaks its protocol, by boto3.

A bucket has no rename, so there is no moment at which a whole site appears: what pages need is sent before them, the
pages that lead to others last, and what is gone is removed in the end, after the list of what is there was written.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from generator.errors import PortalError, SourceError
from generator.publish.folder import Published
from generator.publish.headers import cache_of, type_of
from generator.publish.inventory import LIST, compare, dump_list, load_list, name_of, take_inventory

MOST_REMOVED = 1000  # in one request
SAVED_EVERY = 500  # files, after which the list is written, so that an interrupted publish goes on from there


@dataclass(frozen=True, slots=True)
class Bucket:
    """`s3://BUCKET[/PREFIX]`; `endpoint` is the address of a storage that is not Amazon's."""

    name: str
    prefix: str
    endpoint: str = ""

    def key(self, path: str) -> str:
        return f"{self.prefix}{path}"


def parse_bucket(address: str, endpoint: str) -> Bucket:
    """Return the bucket that an address names. Raises PortalError."""
    parts = urlsplit(address)
    if not parts.netloc or "@" in parts.netloc:
        raise PortalError("an address is s3://BUCKET[/PREFIX]; credentials come from the environment")
    prefix = parts.path.strip("/")
    return Bucket(parts.netloc, f"{prefix}/" if prefix else "", endpoint)


def publish_bucket(site: Path, address: str, *, endpoint: str, progress: Callable[[str], None]) -> Published:
    """Bring a bucket to what a site is. Raises PortalError without boto3, SourceError in the storage's words."""
    bucket = parse_bucket(address, endpoint)
    store = _Store(bucket)
    new = take_inventory(site)
    old = store.published()
    changes = compare(old, new)
    there = dict(old)
    sent_bytes = 0
    for number, path in enumerate(changes.send, 1):
        data = (site / path).read_bytes()
        if hashlib.sha256(data).hexdigest() != new[path]:
            raise PortalError(f"{path}: changed while it was published; build and publish again")
        store.put(path, data)
        there[path] = new[path]
        sent_bytes += len(data)
        if number % SAVED_EVERY == 0:
            store.remember(there)
            progress(f"{number} of {len(changes.send)} files")
    store.remember(new | {path: old[path] for path in changes.drop})
    store.remove(changes.drop)
    store.remember(new)
    return Published(
        name=name_of(new), sent=len(changes.send), kept=changes.kept, removed=len(changes.drop), sent_bytes=sent_bytes
    )


class _Store:
    """The few requests that are made of a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        if not find_spec("boto3"):
            raise PortalError("a bucket needs boto3: pip install -r requirements/publish.txt")
        failures = import_module("botocore.exceptions")
        self._errors = (failures.BotoCoreError, failures.ClientError)
        self._bucket = bucket
        retries = import_module("botocore.config").Config(retries={"max_attempts": 5, "mode": "standard"})
        self._client = import_module("boto3").client("s3", endpoint_url=bucket.endpoint or None, config=retries)

    def published(self) -> dict[str, str]:
        """Return what was published before; nothing when nothing was."""
        try:
            answer = self._client.get_object(Bucket=self._bucket.name, Key=self._bucket.key(LIST))
            return load_list(answer["Body"].read(), source=self._bucket.key(LIST))
        except self._errors as problem:
            if "NoSuchKey" in str(problem):
                return {}
            raise self._said(problem) from problem

    def put(self, path: str, data: bytes) -> None:
        try:
            self._client.put_object(
                Bucket=self._bucket.name,
                Key=self._bucket.key(path),
                Body=data,
                ContentType=type_of(path),
                CacheControl=cache_of(path),
            )
        except self._errors as problem:
            raise self._said(problem) from problem

    def remember(self, inventory: dict[str, str]) -> None:
        self.put(LIST, dump_list(inventory))

    def remove(self, paths: tuple[str, ...]) -> None:
        for part in _parts(paths):
            objects = [{"Key": self._bucket.key(path)} for path in part]
            wish = {"Objects": objects, "Quiet": True}
            try:
                answer = self._client.delete_objects(Bucket=self._bucket.name, Delete=wish)
            except self._errors as problem:
                raise self._said(problem) from problem
            if answer.get("Errors"):
                raise SourceError(f"s3://{self._bucket.name}: not removed: {answer['Errors'][0].get('Key')}")

    def _said(self, problem: Exception) -> SourceError:
        return SourceError(f"s3://{self._bucket.name}: {problem}; it is safe to run the same command again")


def _parts(paths: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(paths), MOST_REMOVED):
        yield paths[start : start + MOST_REMOVED]
