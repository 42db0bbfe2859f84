"""axe finds nothing: WCAG 2.2 AA and its best practices, in both schemes, on a desktop and on a phone."""

import pytest
from portal_world import KINDS, Portal


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(kind: str, portal: Portal, visit) -> None:
    seen = visit(portal.kinds()[kind])
    for width, scheme in ((1280, "light"), (390, "dark")):
        seen.page.set_viewport_size({"width": width, "height": 850})
        seen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert seen.violations() == [], (width, scheme)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing_in_the_other_schemes(kind: str, portal: Portal, visit) -> None:
    seen = visit(portal.kinds()[kind])
    for width, scheme in ((1280, "dark"), (390, "light")):
        seen.page.set_viewport_size({"width": width, "height": 850})
        seen.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert seen.violations() == [], (width, scheme)


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_on_a_page_opened_at_a_line(width: int, portal: Portal, visit) -> None:
    assert visit(portal.commit("plain") + "#1R9", width=width).violations() == []


def test_axe_finds_nothing_in_search_results(portal: Portal, visit) -> None:
    seen = visit(portal.page("search/?q=demo"))
    seen.page.locator("#results li").first.wait_for()
    assert seen.violations() == []
