"""No page is wider than its window, whatever stands on it."""

import pytest
from portal_world import KINDS, Portal


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_scrolls_sideways(kind: str, portal: Portal, visit) -> None:
    seen = visit(portal.kinds()[kind], width=1280)
    for width in (1280, 390, 320):
        seen.page.set_viewport_size({"width": width, "height": 850})
        assert seen.overflow() <= 0, width
