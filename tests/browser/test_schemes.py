"""Light, dark, or as the system has it: the choice is kept from page to page."""

import pytest
from portal_world import Portal

GROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_choice_is_kept_on_the_next_page(system: str, portal: Portal, visit) -> None:
    page = visit(portal.page(""), color_scheme=system).page
    button = page.get_by_role("button", name="Colours")
    grounds = {"system": page.evaluate(GROUND)}
    for name in ("light", "dark"):
        button.click()
        assert button.get_attribute("title") == f"Colours: {name}"
        page.goto(portal.commit("plain"))
        grounds[name] = page.evaluate(GROUND)
    assert grounds["light"] != grounds["dark"]
    assert grounds["system"] == grounds[system]
    button.click()
    page.goto(portal.page("history/"))
    assert page.evaluate(GROUND) == grounds["system"]
    assert button.get_attribute("title") == "Colours: system"
