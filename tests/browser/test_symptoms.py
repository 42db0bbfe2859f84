"""Pasting a message into search lands on its fix: each entry of the index of error messages is found by its text."""

import re

import pytest
from playwright.sync_api import expect
from portal_world import ROOT, Portal

ENTRY_RE = re.compile(r"^### `(?P<text>.+?)`(?: \{ #(?P<id>[\w-]+) \})", re.MULTILINE)
ERRORS = (ROOT / "content/docs/errors.md").read_text("utf-8")
ENTRIES = [(match["text"], match["id"]) for match in ENTRY_RE.finditer(ERRORS)]

SEARCH = """async ([base, texts]) => {
  const engine = await import(base + "pagefind/pagefind.js");
  await engine.options({ baseUrl: new URL(base).pathname, ranking: { pageLength: 0 } });
  await engine.init();
  const score = (part) => part.weighted_locations.reduce((sum, place) => sum + place.balanced_score, 0);
  const found = [];
  for (const text of texts) {
    const answer = await engine.search(text, { filters: { kind: "page" } });
    const pages = await Promise.all(answer.results.slice(0, 2).map((result) => result.data()));
    const page = pages.find((one) => one.url.includes("/docs/errors/"));
    const parts = (page?.sub_results ?? []).filter((part) => part.url.includes("#"));
    parts.sort((a, b) => score(b) - score(a));
    found.push(parts.slice(0, 3).map((part) => part.url.split("#")[1]));
  }
  return found;
}"""


def test_every_heading_of_a_message_was_read() -> None:
    assert len(ENTRIES) == len(re.findall(r"^### ", ERRORS, re.MULTILINE)) > 100


def test_every_message_is_found_by_its_text(portal: Portal, visit) -> None:
    page = visit(portal.page("search/")).page
    found = page.evaluate(SEARCH, [portal.address, [text for text, _ in ENTRIES]])
    lost = [text for (text, anchor), parts in zip(ENTRIES, found, strict=True) if anchor not in parts]
    assert lost == []


@pytest.mark.parametrize(
    "text", ["Key was rejected by service", "vmlinux and vmcore do not match", "makedumpfile Failed."]
)
def test_the_search_page_leads_to_the_place_on_the_page(text: str, portal: Portal, visit) -> None:
    anchor = next(one for words, one in ENTRIES if text.lower() in words.lower())
    page = visit(portal.page("search/") + f"?q={text.replace(' ', '+')}").page
    page.locator(f'#results .part a[href$="#{anchor}"]').first.click()
    expect(page).to_have_url(re.compile(rf"/docs/errors/#{anchor}$"))
    assert page.locator(f"#{anchor}").is_visible()
