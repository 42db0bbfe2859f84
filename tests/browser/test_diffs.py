"""A diff on the screen: permalinks, folding, copying, tabs."""

from playwright.sync_api import expect
from portal_world import Portal


def test_a_permalink_to_a_line_shows_and_marks_it(portal: Portal, visit) -> None:
    seen = visit(portal.commit("big") + "#1R390")
    line = seen.page.locator(":target")
    expect(line).to_contain_text("int number_389")
    plain = seen.page.locator("[id='1R391']")
    colour = "element => getComputedStyle(element).backgroundColor"
    assert line.evaluate(colour) != plain.evaluate(colour)


def test_a_permalink_into_a_folded_file_opens_it(portal: Portal, visit) -> None:
    seen = visit(portal.commit("big") + "#1R440")
    expect(seen.page.locator("#f1")).to_have_attribute("open", "")
    assert seen.in_view(":target")


def test_a_line_number_is_the_links_of_its_line(portal: Portal, visit) -> None:
    seen = visit(portal.commit("plain"))
    seen.page.locator("a[href='#1R9']").click()
    assert seen.page.url.endswith("#1R9")
    assert seen.in_view(":target")


def test_a_permalink_to_an_unchanged_line_marks_it_over_its_whole_width(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    link = page.locator(".diff > code > a").first
    link.click()
    width = "element => parseFloat(getComputedStyle(element, '::before').width)"
    lines = page.locator(".diff > code").first.bounding_box()
    assert abs(link.evaluate(width) - lines["width"]) < 1


def test_big_files_come_folded_and_open_with_the_keyboard(portal: Portal, visit) -> None:
    page = visit(portal.commit("big")).page
    block = page.locator("#f1")
    expect(block.locator("pre")).to_be_hidden()
    block.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(block.locator("pre")).to_be_visible()
    page.keyboard.press("Enter")
    expect(block.locator("pre")).to_be_hidden()


def test_a_folded_file_is_one_tab_stop(portal: Portal, visit) -> None:
    page = visit(portal.commit("hostile")).page
    first, second = (page.locator(f"#f{number} summary") for number in (1, 2))
    first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(second).to_be_focused()


def test_a_diff_too_big_for_a_page_goes_on_in_parts(portal: Portal, visit) -> None:
    page = visit(portal.commit("big")).page
    page.get_by_role("link", name="part 2").click()
    expect(page.locator("h1")).to_contain_text("part 2")
    expect(page.locator(".file").first).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="small.txt").click()
    expect(page.locator(":target summary")).to_contain_text("small.txt")


COPIED = """() => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector(".diff"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  return getSelection().toString();
}"""


def test_what_is_copied_from_a_diff_is_the_diff_without_line_numbers(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    wanted = portal.repository.git("diff", f"{portal.repository.shas['plain']}^!").partition("\n@@")[2]
    assert f"@@{page.evaluate(COPIED)[2:]}" == f"@@{wanted}"


PLACES = """() => {
  const link = document.querySelector("a[href='#1R9']");
  const range = document.createRange();
  const walker = document.createTreeWalker(link.closest("code"), NodeFilter.SHOW_TEXT);
  let sign, code;
  walker.currentNode = link.lastChild;
  for (let node = walker.nextNode(); node && !code; node = walker.nextNode()) {
    if (node.parentNode.closest("u")) continue;
    for (let at = 0; at < node.length; at++) {
      if (node.data[at] === "\\n") continue;
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      sign ??= range.getBoundingClientRect();
      if (!/\\s/.test(node.data[at])) { code ??= range.getBoundingClientRect(); }
    }
  }
  return (code.left - sign.left) / sign.width;
}"""


def test_a_tab_after_the_sign_reaches_the_eighth_column_as_in_a_terminal(portal: Portal, visit) -> None:
    assert abs(visit(portal.commit("plain")).page.evaluate(PLACES) - 8) < 0.1
