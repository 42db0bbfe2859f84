"""The theme keeps the strict Content-Security-Policy, and its size."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

THEME = Path(__file__).parents[2] / "generator/theme"
TEMPLATES = sorted(THEME.glob("*.html"))
ASSETS = sorted((THEME / "assets").iterdir())
JINJA_RE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
ADDRESS_RE = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""")
NAMESPACES = {"http://www.w3.org"}  # names in SVG, never fetched


class Tags(HTMLParser):
    """Collects what a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in ("style", "base", "iframe", "object", "embed"):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]
        self.found += [f"{tag} {value}" for value in names.values() if (value or "").startswith("javascript:")]
        self.inside_script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        self.inside_script = False

    def handle_data(self, data: str) -> None:
        if self.inside_script and data.strip():
            self.found.append(f"inline script: {data.strip()[:40]}")


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_hold_no_inline_script_style_or_handler(file: Path) -> None:
    tags = Tags()
    tags.feed(JINJA_RE.sub("", file.read_text(encoding="utf-8")))
    assert tags.found == []


@pytest.mark.parametrize("file", [*TEMPLATES, *ASSETS], ids=lambda file: file.name)
def test_nothing_is_asked_of_another_server(file: Path) -> None:
    assert set(ADDRESS_RE.findall(file.read_text(encoding="utf-8"))) <= NAMESPACES


def test_the_style_stays_small_and_loads_nothing() -> None:
    style = (THEME / "assets/portal.css").read_text(encoding="utf-8")
    assert len(style.encode()) <= 32_000
    assert "@import" not in style
    assert "url(" not in style
    assert "@font-face" not in style


def test_scripts_stay_small_and_evaluate_nothing() -> None:
    scripts = {file.name: file.read_text(encoding="utf-8") for file in ASSETS if file.suffix == ".js"}
    assert len(scripts["theme.js"]) <= 400
    assert sum(map(len, scripts.values())) <= 20_000
    for name, text in scripts.items():
        assert not re.search(
            r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b", text
        ), name


@pytest.mark.parametrize("slot", ["title", "description", "canonical", "head", "crumbs", "notice", "body", "pager"])
def test_the_shell_puts_out_each_slot(slot: str) -> None:
    count = (THEME / "generated.html").read_text(encoding="utf-8").count(f"slot.{slot}|safe")
    assert count == (2 if slot == "title" else 1)
