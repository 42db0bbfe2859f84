"""Packed files lie beside texts, unpack to the same bytes, and never take the name of another file."""

import gzip
from pathlib import Path

import pytest

from generator.publish.inventory import take_inventory
from generator.publish.pack import is_packed, pack_site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    texts = {
        "index.html": "<p>" * 900,
        "a.css": "a{}" * 900,
        "small.js": "1",
        "x.patch": "+" * 900,
        "s.xml": "<s/>" * 900,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "s.xml.gz").write_bytes(b"a download")
    (folder / "tar.gz").write_bytes(b"\x1f\x8b")
    return folder


def test_only_texts_of_pages_are_packed(site: Path, tmp_path: Path) -> None:
    inventory = take_inventory(site)
    assert pack_site(site, inventory, tmp_path / "cache", print) == 4
    packed = {path for path in take_inventory(site) if path not in inventory}
    assert packed == {"index.html.gz", "index.html.br", "a.css.gz", "a.css.br"}
    assert gzip.decompress((site / "index.html.gz").read_bytes()) == (site / "index.html").read_bytes()
    brotli = pytest.importorskip("brotli")
    assert brotli.decompress((site / "a.css.br").read_bytes()) == (site / "a.css").read_bytes()


def test_what_was_packed_once_is_not_packed_again(site: Path, tmp_path: Path) -> None:
    pack_site(site, take_inventory(site), tmp_path / "cache", print)
    before = (site / "index.html.gz").read_bytes()
    inventory = take_inventory(site)
    for name in ("index.html", "a.css"):
        del inventory[f"{name}.gz"], inventory[f"{name}.br"]
    assert pack_site(site, inventory, tmp_path / "cache", print) == 0
    assert (site / "index.html.gz").read_bytes() == before


def test_a_download_that_has_the_name_is_left_alone(site: Path) -> None:
    assert not is_packed("s.xml", take_inventory(site))
