"""What the theme makes of hand-written pages and of the shell, built by MkDocs itself."""

import logging
import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build, get_context
from mkdocs.config import load_config
from mkdocs.structure.files import get_files
from mkdocs.structure.nav import get_navigation

ROOT = Path(__file__).parents[2]
SLOTS = ("title", "description", "canonical", "head", "crumbs", "notice", "body", "pager")
MAIN_RE = re.compile(r"<main.*?</main>", re.DOTALL)


def configuration(site: Path):
    return load_config(str(ROOT / "mkdocs.yml"), site_dir=str(site), plugins=[])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    warnings: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warnings.append(record.getMessage())
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        build(configuration(folder))
    finally:
        logger.removeHandler(handler)
    assert warnings == []
    return folder


def shell(base: str, current: str) -> str:
    config = configuration(ROOT / "site")
    files = get_files(config)
    context = get_context(get_navigation(files, config), files, config, None, base)
    slot = {name: f"@@{name}@@" for name in SLOTS}
    return config.theme.get_env().get_template("generated.html").render({**context, "slot": slot, "current": current})


def test_every_page_has_its_own_title_and_description(site: Path) -> None:
    pages = [file.read_text(encoding="utf-8") for file in site.rglob("index.html")]
    for pattern in (r"<title>(.+?)</title>", r'<meta name="description" content="(.+?)">'):
        found = [re.findall(pattern, page) for page in pages]
        assert all(len(values) == 1 for values in found)
        assert len({values[0] for values in found}) == len(pages)


def test_every_page_has_one_heading_of_the_first_level(site: Path) -> None:
    for file in site.rglob("*.html"):
        assert file.read_text(encoding="utf-8").count("<h1") == 1, file


def test_no_page_holds_inline_style_or_script(site: Path) -> None:
    for file in site.rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        assert not re.search(r"<[^>]*\s(style|on[a-z]+)=|<style|<script(?![^>]*\ssrc=)", page), file


def test_the_frame_of_a_page_stays_under_six_kilobytes(site: Path) -> None:
    for file in site.rglob("*.html"):
        frame = MAIN_RE.sub("", file.read_text(encoding="utf-8"))
        assert len(frame.encode()) <= 6_000, file


def test_the_missing_page_links_from_the_root_of_the_site(site: Path) -> None:
    links = re.findall(r'(?:href|src|action)="([^"#]+)"', (site / "404.html").read_text(encoding="utf-8"))
    assert links
    assert all(link.startswith("/kdump/") or link == "/kdump" for link in links), links


@pytest.mark.parametrize("slot", SLOTS)
def test_the_shell_holds_each_slot_once_and_the_title_twice(slot: str) -> None:
    assert shell("../..", "/history/").count(f"@@{slot}@@") == (2 if slot == "title" else 1)


def test_the_shell_marks_the_current_section_with_a_relative_link() -> None:
    page = shell("../..", "/history/")
    assert re.findall(r'<a href="([^"]*)" aria-current="true">(.*?)</a>', page) == [("../../history/", "History")]
    assert "aria-current" not in shell("../..", "")


def test_the_shell_stays_under_four_kilobytes() -> None:
    assert len(shell("../../../..", "/history/").encode()) <= 4_000
