"""The built portal as web servers serve it, with our headers: the browser does not complain, and search works."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from portal_world import KINDS, PREFIX, Portal
from web_servers import PROGRAMS, needs, serving


@pytest.fixture(scope="module", params=[pytest.param(name, marks=needs(name)) for name in PROGRAMS])
def address(request: pytest.FixtureRequest, portal: Portal) -> Iterator[str]:
    """The portal as each server serves it."""
    with serving(request.param, portal.site) as address:
        yield address


def test_every_kind_of_page_loads_without_a_violation(portal: Portal, address: str, visit) -> None:
    kinds = portal.kinds()
    for kind in sorted(set(KINDS) - {"missing"}):  # the 404 page is for the address in `site_url`
        seen = visit(address + kinds[kind].partition(PREFIX)[2])
        assert seen.page.locator("h1").count() == 1, kind
        assert seen.complaints == [], kind
        assert {asked for asked in seen.asked if not asked.startswith(address)} == set(), kind


def test_search_and_scripts_work_under_it(address: str, visit) -> None:
    seen = visit(f"{address}search/?q=quokka")
    seen.page.locator("#results li").first.wait_for()
    seen.page.keyboard.press("Escape")
    seen.page.locator("h1").click()
    seen.page.keyboard.press("?")
    expect(seen.page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert seen.complaints == []
