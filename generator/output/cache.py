"""What was worked out once: bytes by key, in one SQLite file.

A key names its content, input and renderer included, so an entry is never wrong, only unused. The file is a cache:
one that is broken or of another layout is dropped and made again, and the build says so.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.errors import OutputError

LAYOUT = 1


class BrokenCache(OutputError):
    """The cache file does not hold what was put into it."""


class Cache:
    """An open cache; made by `open_cache`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def get(self, key: str) -> bytes | None:
        """Return the bytes kept under `key`, None when there are none."""
        with _complaints():
            row = self._database.execute("SELECT body FROM entries WHERE key = ?", (key,)).fetchone()
            return zlib.decompress(row[0]) if row else None

    def get_all(self, prefix: str) -> dict[str, bytes]:
        """Return every entry whose key starts with `prefix`."""
        with _complaints():
            rows = self._database.execute(
                "SELECT key, body FROM entries WHERE key >= ? AND key < ?", (prefix, prefix + "\uffff")
            )
            return {key: zlib.decompress(body) for key, body in rows}

    def keys(self, prefix: str) -> set[str]:
        """Return the keys that start with `prefix`."""
        between = (prefix, prefix + "\uffff")
        with _complaints():
            rows = self._database.execute("SELECT key FROM entries WHERE key >= ? AND key < ?", between)
            return {key for (key,) in rows}

    def put_packed(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Keep (key, bytes packed by `pack`) in one transaction: after a crash all of them are there or none."""
        with _complaints(), self._database:
            self._database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", entries)

    def drop(self, keys: Iterable[str]) -> None:
        """Forget entries."""
        with _complaints(), self._database:
            self._database.executemany("DELETE FROM entries WHERE key = ?", [(key,) for key in keys])

    def drop_others(self, prefix: str) -> None:
        """Forget entries whose key does not start with `prefix`: an older renderer's."""
        with _complaints(), self._database:
            self._database.execute("DELETE FROM entries WHERE NOT (key >= ? AND key < ?)", (prefix, prefix + "\uffff"))


@contextmanager
def _complaints() -> Iterator[None]:
    """Turn what the database complains about into our errors: a broken file can be made again, a full disk cannot."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        raise OutputError(f"the cache cannot be written or read: {problem}") from problem
    except (sqlite3.DatabaseError, zlib.error) as problem:
        raise BrokenCache(str(problem)) from problem


def pack(body: bytes) -> bytes:
    """Return bytes in the form in which the cache keeps them; workers pack, so that it happens in parallel."""
    return zlib.compress(body, 1)


@contextmanager
def open_cache(file: Path) -> Iterator[Cache]:
    """Open the cache, made anew when it is missing, broken at its beginning or of another layout.

    What is broken further in shows when it is read: BrokenCache; then `remove_cache` and start again.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        database = _connect(file)
    except sqlite3.OperationalError as problem:
        raise OutputError(f"{file}: {problem}: is another process at work with it?") from problem
    except sqlite3.DatabaseError:
        remove_cache(file)
        database = _connect(file)
    try:
        yield Cache(database)
    finally:
        database.close()


def remove_cache(file: Path) -> None:
    """Remove a cache and what SQLite keeps beside it."""
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=60)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        layout = database.execute("PRAGMA user_version").fetchone()[0]
        if layout not in (0, LAYOUT):
            raise sqlite3.DatabaseError(f"layout {layout}")
        database.execute("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        database.execute(f"PRAGMA user_version = {LAYOUT}")
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
