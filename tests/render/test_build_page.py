"""The page about a build: whole, without script, and nothing hostile acts in it."""

from html.parser import HTMLParser

from world import EVIL

from generator.model.builds import Built
from generator.render.build_page import build_page

HOSTILE = EVIL.decode("utf-8", "surrogateescape")
BUILT = Built(
    began="2026-01-02T03:04:05Z",
    seconds=10.0,
    stages_s={"pages": 2.5, HOSTILE: 5.0},
    sources=[
        {"name": "plain", "commits": 1449, "changed": True, "examined": 3, "patches": 1445, "verified": 1444},
        {"name": "old", "commits": 7, "changed": False, "unreached": "no route"},
        {"name": HOSTILE, "problem": HOSTILE},
    ],
    written=1234,
    kept=5,
    removed=6,
    problems=[HOSTILE],
    versions={"kdump-portal": "0.1.0", HOSTILE: HOSTILE},
)


class Tags(HTMLParser):
    """Every element with its attributes, and whether they are nested well."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_says_what_was_done_and_what_came_of_each_source() -> None:
    page = build_page(BUILT)
    assert "10.0 s: 1,234 files written, 5 kept, 6 removed." in page
    assert "1,444 of 1,445" in page and "not available: " in page
    assert "nothing new; its last good mirror is shown, for it was not reached: no route" in page


def test_time_that_no_stage_took_is_shown_too_and_the_longest_comes_first() -> None:
    meters = [attributes["value"] for tag, attributes in Tags(build_page(BUILT)).found if tag == "meter"]
    assert meters == ["0.500", "0.250", "0.250"]


def test_nothing_hostile_acts_and_nothing_is_asked_for() -> None:
    seen = Tags(build_page(BUILT))
    assert seen.open == []
    assert {tag for tag, _ in seen.found} <= {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li"),
        *("table", "thead", "tbody", "tr", "th", "td", "meter"),
    }
    names = {name for _, attributes in seen.found for name in attributes}
    assert names <= {"lang", "charset", "name", "content", "http-equiv", "scope", "class", "value"}


def test_a_build_of_nothing_is_a_page_too() -> None:
    empty = Built(
        began="x", seconds=0.0, stages_s={}, sources=[], written=0, kept=0, removed=0, problems=[], versions={}
    )
    assert "None was said." in build_page(empty)
