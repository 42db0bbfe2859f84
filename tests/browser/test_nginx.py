"""The built portal as nginx serves it, with our headers: the browser does not complain, and search works."""

import os
from pathlib import Path

import pytest
from nginx_world import needs_nginx, nginx_over
from playwright.sync_api import expect
from portal_world import KINDS, PREFIX, Portal

pytestmark = [needs_nginx, pytest.mark.skipif(os.geteuid() != 0, reason="nginx reads the site as root here")]


def test_every_kind_of_page_loads_without_a_violation(portal: Portal, visit, tmp_path: Path) -> None:
    kinds = portal.kinds()
    with nginx_over(portal.site, tmp_path) as address:
        for kind in sorted(set(KINDS) - {"missing"}):  # the 404 page is for the address in `site_url`
            seen = visit(address + kinds[kind].partition(PREFIX)[2])
            assert seen.page.locator("h1").count() == 1, kind
            assert seen.complaints == [], kind
            assert {asked for asked in seen.asked if not asked.startswith(address)} == set(), kind


def test_search_and_scripts_work_under_it(portal: Portal, visit, tmp_path: Path) -> None:
    with nginx_over(portal.site, tmp_path) as address:
        seen = visit(f"{address}search/?q=quokka")
        seen.page.locator("#results li").first.wait_for()
        seen.page.keyboard.press("Escape")
        seen.page.locator("h1").click()
        seen.page.keyboard.press("?")
        expect(seen.page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert seen.complaints == []
