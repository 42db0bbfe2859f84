"""A site is there at every moment, and what a crash leaves is mended."""

import shutil
import threading
from pathlib import Path

import pytest

from generator.output import swap
from generator.output.swap import recover, replace_folder


def make(folder: Path, text: str) -> Path:
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_text(text, "utf-8")
    return folder


def test_a_first_site_takes_its_place(tmp_path: Path) -> None:
    assert replace_folder(make(tmp_path / "site.new", "new"), tmp_path / "site") is None
    assert (tmp_path / "site/one").read_text("utf-8") == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("exchange", [True, False])
def test_the_new_site_replaces_the_old_one_which_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    make(tmp_path / "site", "old")
    old = replace_folder(make(tmp_path / "site.new", "new"), tmp_path / "site")
    assert (tmp_path / "site/two").read_text("utf-8") == "new"
    assert (old / "two").read_text("utf-8") == "old"
    assert {file.name for file in tmp_path.iterdir()} == {"site", old.name}


def names_seen_while_sites_replace_each_other(folder: Path) -> list[bool]:
    """Return whether the site's name was there, at many moments of two hundred replacements."""
    site = make(folder / "site", "0")
    seen: list[bool] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(site.is_dir())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(200):
            shutil.rmtree(replace_folder(make(folder / "site.new", str(number)), site))
    finally:
        done.set()
        reader.join()
    return seen


def test_a_site_is_there_at_every_moment(tmp_path: Path) -> None:
    assert _exchanges(tmp_path), "this file system cannot exchange two names: the promise does not hold on it"
    seen = names_seen_while_sites_replace_each_other(tmp_path)
    assert len(seen) > 50
    assert all(seen)


def _exchanges(folder: Path) -> bool:
    one, other = make(folder / "one", "1"), make(folder / "other", "2")
    return swap._exchange(one, other) and (one / "two").read_text("utf-8") == "2"


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ({"site": "old", "site.new": "draft"}, "old"),
        ({"site.old": "old", "site.new": "new"}, "old"),
        ({"site.old": "old", "site": "new"}, "new"),
        ({"site.old": "old"}, "old"),
        ({"site": "old"}, "old"),
    ],
)
def test_what_a_crash_leaves_is_mended(tmp_path: Path, there: dict[str, str], left: str) -> None:
    for name, text in there.items():
        make(tmp_path / name, text)
    recover(tmp_path / "site", tmp_path / "site.new")
    assert [file.name for file in tmp_path.iterdir()] == ["site"]
    assert (tmp_path / "site/one").read_text("utf-8") == left
