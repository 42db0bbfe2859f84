"""The strict Content-Security-Policy holds on every kind of page, and nothing is asked of anyone else."""

import pytest
from portal_world import KINDS, Portal


@pytest.mark.parametrize("kind", KINDS)
def test_the_browser_has_nothing_to_complain_about(kind: str, portal: Portal, visit) -> None:
    seen = visit(portal.kinds()[kind])
    assert seen.page.locator("h1").count() == 1
    assert seen.complaints == []
    assert {address for address in seen.asked if not address.startswith(portal.address)} == set()


def test_markup_in_names_and_messages_is_shown_not_run(portal: Portal, visit) -> None:
    seen = visit(portal.commit("hostile"))
    assert "<script>alert" in seen.page.locator("h1").inner_text()
    assert "<script>alert(1)</script>.c" in seen.page.locator("summary").all_inner_texts()[0] + "".join(
        seen.page.locator("summary").all_inner_texts()
    )
    assert seen.page.locator("main script, main img").count() == 0
    assert seen.complaints == []


def test_searching_keeps_the_policy(portal: Portal, visit) -> None:
    seen = visit(portal.page("search/?q=quokka"))
    seen.page.locator("#results li").first.wait_for()
    assert seen.complaints == []
    assert {address for address in seen.asked if not address.startswith(portal.address)} == set()
