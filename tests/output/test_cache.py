"""The cache keeps what it is given, and never stands in the way when it is broken."""

import os
import sqlite3
from pathlib import Path

import pytest

from generator.errors import OutputError
from generator.output.cache import BrokenCache, open_cache, pack, remove_cache


def fill(file: Path, count: int = 500) -> None:
    with open_cache(file) as cache:
        cache.put_packed((f"a/{number}", pack(bytes(200) + b"%d" % number * 300)) for number in range(count))


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "work.sqlite"
    fill(file, 3)
    with open_cache(file) as cache:
        assert cache.get("a/1").endswith(b"1" * 300)
        assert cache.get("a/9") is None
        assert cache.keys("a/") == set(cache.get_all("a/")) == {"a/0", "a/1", "a/2"}
        assert cache.keys("b/") == set()


def test_entries_of_another_prefix_are_dropped(tmp_path: Path) -> None:
    with open_cache(tmp_path / "work.sqlite") as cache:
        cache.put_packed([("old/1", pack(b"1")), ("new/1", pack(b"2"))])
        cache.drop_others("new/")
        assert cache.keys("") == {"new/1"}


@pytest.mark.parametrize("damage", ["garbage", "empty", "truncated header", "cut in half", "other layout"])
def test_a_cache_that_is_no_cache_is_made_anew(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "work.sqlite"
    fill(file)
    if damage == "other layout":
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    elif damage == "cut in half":
        os.truncate(file, file.stat().st_size // 2)
    else:
        remove_cache(file)
        file.write_bytes(
            {"garbage": b"no database" * 999, "empty": b"", "truncated header": b"SQLite format 3\0"}[damage]
        )
    with open_cache(file) as cache:
        assert cache.keys("") == set()
        cache.put_packed([("a/1", pack(b"1"))])
        assert cache.get("a/1") == b"1"


def test_damage_further_in_shows_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "work.sqlite"
    fill(file)
    data = bytearray(file.read_bytes())
    data[8192:-4096] = b"\xa5" * (len(data) - 8192 - 4096)
    file.write_bytes(data)
    with pytest.raises(OutputError), open_cache(file) as cache:
        cache.get_all("a/")


def test_an_entry_that_does_not_unpack_is_called_broken(tmp_path: Path) -> None:
    with open_cache(tmp_path / "work.sqlite") as cache:
        cache.put_packed([("a/1", b"not packed")])
        with pytest.raises(BrokenCache):
            cache.get("a/1")


def test_entries_that_cannot_all_be_kept_are_kept_in_no_part(tmp_path: Path) -> None:
    with open_cache(tmp_path / "work.sqlite") as cache:

        def entries():
            yield "a/1", pack(b"1")
            raise OSError("broken off")

        with pytest.raises(OSError, match="broken off"):
            cache.put_packed(entries())
        assert cache.keys("") == set()
