"""A reader sees a whole site at every moment, and what a crash leaves is mended."""

import os
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
    replace_folder(make(tmp_path / "site.new", "new"), tmp_path / "site")
    assert (tmp_path / "site/one").read_text("utf-8") == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("exchange", [True, False])
def test_the_new_site_replaces_the_old_one_and_nothing_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda one, other: False)
    make(tmp_path / "site", "old")
    replace_folder(make(tmp_path / "site.new", "new"), tmp_path / "site")
    assert (tmp_path / "site/two").read_text("utf-8") == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["site"]


def test_a_reader_always_finds_a_whole_site(tmp_path: Path) -> None:
    site = make(tmp_path / "site", "0")
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            folder = os.open(site, os.O_RDONLY)
            try:
                names = os.listdir(folder)  # noqa: PTH208 - a path cannot name an open folder
                seen.append("whole" if sorted(names) == ["one", "two"] or not names else f"{names}")
            finally:
                os.close(folder)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(200):
            replace_folder(make(tmp_path / "site.new", str(number)), site)
    finally:
        done.set()
        reader.join()
    assert len(seen) > 50


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
