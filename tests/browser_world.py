"""A visit of a page: the window, and everything the browser had to complain about."""

from collections.abc import Mapping

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


class Visit:
    """One page in a window of its own; `page` is Playwright's."""

    def __init__(self, browser: Browser, address: str, width: int, settings: Mapping[str, object]) -> None:
        self._context = browser.new_context(viewport={"width": width, "height": 850}, **settings)
        self.page = self._context.new_page()
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.goto(address)

    def _note(self, kind: str, text: str) -> None:
        # Chromium reports the answer 404 itself on the console, which is no fault of the page.
        if kind in ("error", "warning") and "status of 404" not in text:
            self.complaints.append(text)

    def violations(self) -> list[str]:
        """Return what axe finds, as `rule: element`."""
        result = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": list(RULES)}})
        return [
            f"{rule['id']}: {node['html'][:120]}" for rule in result.response["violations"] for node in rule["nodes"]
        ]

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def in_view(self, selector: str) -> bool:
        """Tell whether the whole height of an element is in the window."""
        box = self.page.locator(selector).bounding_box()
        return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 850

    def close(self) -> None:
        """Close the window."""
        self._context.close()
