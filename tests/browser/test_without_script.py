"""Without JavaScript everything but search is there, on a phone too."""

import pytest
from playwright.sync_api import expect
from portal_world import Portal


@pytest.mark.parametrize("width", [390, 1280])
def test_every_section_is_reached_from_home(width: int, portal: Portal, visit) -> None:
    page = visit(portal.page(""), width=width, java_script_enabled=False).page
    if width < 1000:
        page.get_by_text("Menu").click()
    for name in ("Docs", "Howto", "History", "Patches", "Reports", "Capture tool", "About"):
        expect(page.get_by_label("Sections").get_by_role("link", name=name, exact=True)).to_be_visible()
    page.get_by_label("Sections").get_by_role("link", name="History").click()
    page.get_by_role("link", name="demo", exact=True).click()
    page.get_by_role("link", name="demo: not released").first.click()
    expect(page.locator("h1")).to_have_text("demo: not released")
    expect(page.locator(".diff")).to_be_visible()


@pytest.mark.parametrize("kind", ["home", "search", "source", "plain", "blob"])
def test_no_page_shows_a_control_that_needs_a_script(kind: str, portal: Portal, visit) -> None:
    page = visit(portal.kinds()[kind], java_script_enabled=False).page
    assert [button.inner_text() for button in page.locator("button:visible").all()] == ["Search"]


def test_search_says_what_it_needs_and_leads_on(portal: Portal, visit) -> None:
    page = visit(portal.page(""), java_script_enabled=False).page
    page.get_by_role("searchbox").fill("quokka")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Search needs JavaScript")).to_be_visible()
    expect(page.locator(".prose a").first).to_be_visible()
