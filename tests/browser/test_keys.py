"""Keys and views of a diff: quicker with script, never different, and gone without a trace when switched off."""

import re

from playwright.sync_api import expect
from portal_world import Portal


def rows(page) -> list[str]:
    """Return the text of every row, without line numbers."""
    return page.locator(".diff > code").first.evaluate(
        "code => [...code.querySelectorAll('[id*=R], [id*=L]')].map(row => {"
        "  let text = row.textContent;"
        "  if (row.nodeName === 'A')"  # an unchanged line is what follows its number
        "    for (let next = row.nextSibling; next && !next.id; next = next.nextSibling) text += next.textContent;"
        "  return text.replace(/^\\s*[\\d\\s]*/, '');"
        "})"
    )


def test_side_by_side_shows_the_same_lines_and_goes_back(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    before, html = rows(page), page.locator(".diff > code").first.inner_html()
    page.keyboard.press("s")
    expect(page.locator(".diff.split .pair").first).to_be_visible()
    assert rows(page) == before
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    left = page.locator(".pair > del").first.bounding_box()
    right = page.locator(".pair > ins").first.bounding_box()
    assert right["x"] >= left["x"] + left["width"] - 1
    assert abs(right["y"] - left["y"]) < 2
    page.keyboard.press("s")
    assert page.locator(".diff > code").first.inner_html() == html


def test_the_view_is_remembered_and_its_button_says_so(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    page.get_by_role("button", name="Side by side").click()
    page.reload()
    expect(page.locator(".diff.split").first).to_be_visible()
    expect(page.get_by_role("button", name="Side by side")).to_have_attribute("aria-pressed", "true")


def test_on_a_phone_a_diff_stays_unified(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    page.keyboard.press("s")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".diff.split")).to_have_count(0)
    expect(page.get_by_role("button", name="Side by side")).to_be_hidden()


def test_n_and_p_go_from_commit_to_commit(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    start = page.url
    page.keyboard.press("n")
    page.wait_for_url(lambda address: address != start)
    page.keyboard.press("p")
    page.wait_for_url(start)


def test_j_goes_to_the_next_hunk(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    page.set_viewport_size({"width": 1000, "height": 300})
    page.keyboard.press("j")
    page.wait_for_function("scrollY > 0")
    assert page.locator("pre.diff:focus").count() == 1


def test_the_question_mark_shows_all_keys_and_takes_them_away(portal: Portal, visit) -> None:
    seen = visit(portal.page("docs/"))
    page = seen.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert page.locator("dialog.keys kbd").all_inner_texts() == ["/", "n", "p", "j", "k", "s", "w", "c", "?"]
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert seen.complaints == []


def test_keys_are_letters_where_one_writes(portal: Portal, visit) -> None:
    page = visit(portal.page("search/")).page
    address = page.url
    page.locator("#q").fill("")
    page.locator("#q").press_sequentially("sn?")
    expect(page.locator("#q")).to_have_value("sn?")
    expect(page.locator("dialog.keys")).to_have_count(0)
    assert re.sub(r"\?.*", "", page.url) == re.sub(r"\?.*", "", address)
