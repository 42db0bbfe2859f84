"""A browser, and a portal to look at with it; both are made once."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from browser_world import Visit
from playwright.sync_api import Browser, expect, sync_playwright
from portal_world import Portal, demo_repository, project, run, served

expect.set_options(timeout=20_000)  # a busy machine is no failure


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal of one commit of each kind, served under the strict policy."""
    top = tmp_path_factory.mktemp("portal")
    repository = demo_repository(top / "demo.git")
    folder = project(top / "project", repository)
    run(folder, "kdump-portal", "build", "--strict", "--require-sources")
    with served(folder / "site") as address:
        yield Portal(repository, folder / "site", address)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it these tests are skipped."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: run `make test` as root, or `apt-get install chromium`")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return what opens addresses in fresh browser windows; keywords are Playwright's for a context."""
    visits: list[Visit] = []

    def open_address(address: str, *, width: int = 1280, **settings: object) -> Visit:
        visits.append(Visit(browser, address, width, settings))
        return visits[-1]

    yield open_address
    for seen in visits:
        seen.close()
