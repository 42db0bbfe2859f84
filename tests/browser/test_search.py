"""Search finds commits by what is known of them, and leads to their pages."""

import re

import pytest
from playwright.sync_api import expect
from portal_world import Portal


@pytest.mark.parametrize("words", ["quokka", "zebrafish"])
def test_a_commit_is_found_and_its_page_opens(words: str, portal: Portal, visit) -> None:
    page = visit(portal.page("")).page
    page.get_by_role("searchbox").first.fill(words)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=re.compile("zebrafish")).first.click()
    expect(page).to_have_url(portal.commit("plain"))
    expect(page.locator("h1")).to_have_text("arm64: load the zebrafish kernel")


def test_the_author_filter_leaves_that_authors_commits(portal: Portal, visit) -> None:
    page = visit(portal.page("search/")).page
    page.get_by_label("Author").select_option("Jürgen Groß")
    expect(page.locator("#status")).to_have_text("1 page with these filters")
    expect(page.locator("#results h2")).to_have_text(re.compile("zebrafish"))
    assert "author=J" in page.url


def test_an_address_with_words_and_filters_shows_their_results(portal: Portal, visit) -> None:
    page = visit(portal.page("search/") + "?q=kernel&architecture=arm64&kind=commit").page
    expect(page.locator("#results li").first).to_be_visible()
    expect(page.get_by_label("Architecture")).to_have_value("arm64")
    expect(page.get_by_label("Words to look for")).to_have_value("kernel")


def test_what_is_not_there_is_said_in_words(portal: Portal, visit) -> None:
    page = visit(portal.page("search/?q=жжжж")).page
    expect(page.locator("#status")).to_contain_text("Nothing found")


def test_the_slash_key_leads_to_the_search_field(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_markup_in_results_is_shown_not_run(portal: Portal, visit) -> None:
    seen = visit(portal.page("search/?q=subject"))
    expect(seen.page.locator("#results h2", has_text="<script>")).to_have_count(1)
    assert seen.complaints == []


def test_a_hash_a_file_and_a_parameter_lead_straight_there(portal: Portal, visit) -> None:
    sha = portal.repository.shas["plain"]
    for words, end in (
        (sha[:8], f"/commit/{sha}.html"),
        (sha, f"/commit/{sha}.html"),
        ("kexec/arch/arm64/a/rather/long/path/to/loader-of-kernels.c", "/blob/"),
        ("kernel.panic_on_oops", "/docs/parameters/#kernel-panic_on_oops"),
        ("crashkernel=", "/docs/parameters/#crashkernel-size-offset"),
    ):
        page = visit(portal.page("docs/")).page
        page.locator(".find input").fill(words)
        page.locator(".find input").press("Enter")
        page.wait_for_url(lambda address, end=end: end in address)


def test_words_stay_a_search(portal: Portal, visit) -> None:
    page = visit(portal.page("search/?q=kexec")).page
    page.locator("#results li").first.wait_for()
    page.wait_for_timeout(500)
    assert "search/" in page.url
