"""What `kdump-portal check --links` does: ask for every external link of the hand-written pages, politely, and keep
what came of it in content/data/links.yml, so that pages can show a dead link as dead.

Hosts are asked side by side, each one slowly. A link that gave no answer is unreachable, not dead: without a network
nothing is recorded at all.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from generator.config import Config
from generator.content import Content
from generator.errors import OutputError, PortalError
from generator.model.references import LinkResult
from generator.output.check import external_links
from generator.render.links import links_file
from generator.sources.http import Answer, ask

Say = Callable[[str], None]
HOSTS = 6  # asked at the same time
PAUSE_S = 1.5  # between two questions to one host
TIMEOUT_S = 20.0
LONGEST_WAIT_S = 60.0  # that a server may ask for with Retry-After
AGAIN_DAYS = 1  # after which what was unreachable is asked for again
GONE = (404, 410)
RESERVED = (".example", ".invalid", ".test", ".localhost", ".local", "example.org", "example.com", "example.net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The results by address, and on which pages each stands."""

    results: Mapping[str, LinkResult]
    pages: Mapping[str, Sequence[str]]
    asked: int  # the others were asked lately

    @property
    def rows(self) -> list[dict[str, object]]:
        """Every link as plain data."""
        return [asdict(result) | {"pages": list(self.pages[url])} for url, result in self.results.items()]

    @property
    def problems(self) -> list[str]:
        """The dead links, as `file: what is wrong and what to do`."""
        return [
            f"{page}: links to {result.url}, which is dead ({result.note}): give its new address or an archived copy"
            for result in self.results.values()
            if result.state == "dead"
            for page in self.pages[result.url]
        ]

    @property
    def notes(self) -> list[str]:
        """What is worth knowing and no failure: links that moved, and those that gave no answer."""
        moved = [f"{one.url}: moved to {one.target}" for one in self.results.values() if one.state == "moved"]
        lost = [f"{one.url}: unreachable: {one.note}" for one in self.results.values() if one.state == "unreachable"]
        return moved + lost

    @property
    def summary(self) -> str:
        """The numbers in a line."""
        states = [result.state for result in self.results.values()]
        counts = ", ".join(f"{states.count(name)} {name}" for name in ("ok", "moved", "dead", "unreachable"))
        return f"{len(states):,} external links, {self.asked:,} of them asked for now: {counts}"


def check_links(
    config: Config, content: Content, site: Path, *, max_age_days: int, say: Say, pause_s: float = PAUSE_S
) -> Checked:
    """Ask for every external link of the hand-written pages in `site`, unless that was done lately; keep the results.

    Raises PortalError when no link at all could be reached: that is no network, and nothing is recorded.
    """
    own = config.site_url or "\0"
    found = external_links(site, content.paths)
    pages = {url: files for url, files in found.items() if _is_public(url) and not url.startswith(own)}
    today = datetime.now(UTC).date()
    kept = {url: content.links[url] for url in pages if url in content.links}
    due = [url for url in pages if url not in kept or _is_due(kept[url], today, max_age_days)]
    log = Journal(config.cache_folder / "links.json")
    fresh = log.since(due, today, max_age_days)
    due = [url for url in due if url not in fresh]
    try:
        fresh |= _ask_all(due, _about(config), today, log, say, pause_s)
    finally:
        log.write()
    if due and not any(fresh[url].status for url in due):
        first = fresh[due[0]]
        raise PortalError(
            f"none of {len(due)} links could be reached ({first.url}: {first.note}): is there a network? "
            "Nothing was recorded, and no link is called dead"
        )
    results = {url: fresh.get(url) or kept[url] for url in sorted(pages)}
    _write(content.links_file, links_file(results.values()))
    return Checked(results=results, pages=pages, asked=len(due))


class Journal:
    """Answers as they come, in the cache: a check that was broken off goes on where it stopped."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            rows = json.loads(file.read_text("utf-8"))
            self._results = {row["url"]: LinkResult(**row) for row in rows}
        except (OSError, ValueError, TypeError, KeyError):
            self._results = {}

    def note(self, result: LinkResult) -> None:
        """Remember an answer."""
        self._results[result.url] = result

    def since(self, urls: Iterable[str], today: date, max_age_days: int) -> dict[str, LinkResult]:
        """Return the answers that still hold; one that was no answer is asked for again."""
        found = {url: self._results[url] for url in urls if url in self._results}
        return {url: one for url, one in found.items() if one.status and not _is_due(one, today, max_age_days)}

    def write(self) -> None:
        """Keep all answers for the next time."""
        _write(self._file, json.dumps([asdict(self._results[url]) for url in sorted(self._results)], indent=1) + "\n")


def _is_public(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return bool(host) and not f".{host}".endswith(tuple(f".{name.lstrip('.')}" for name in RESERVED))


def _is_due(result: LinkResult, today: date, max_age_days: int) -> bool:
    age = (today - date.fromisoformat(result.checked)).days
    return age < 0 or age >= (min(AGAIN_DAYS, max_age_days) if result.state == "unreachable" else max_age_days)


def _about(config: Config) -> str:
    return "link check" + (f" of {config.site_url}" if config.site_url else "")


def _ask_all(
    urls: Sequence[str], about: str, today: date, log: Journal, say: Say, pause_s: float
) -> dict[str, LinkResult]:
    """Ask for every address: hosts side by side, the addresses of each one after another with pauses."""
    by_host: dict[str, list[str]] = {}
    for url in urls:
        by_host.setdefault(urlsplit(url).netloc.lower(), []).append(url)
    found: dict[str, LinkResult] = {}

    def ask_host(own: Sequence[str]) -> None:
        for number, url in enumerate(own):
            if number:
                time.sleep(pause_s)
            result = replace(_result(url, _patiently(url, about)), checked=today.isoformat())
            found[url] = result
            log.note(result)
            say(f"{len(found):,} of {len(urls):,} links: {url}: {result.state}")

    with ThreadPoolExecutor(HOSTS) as pool:
        work = [pool.submit(ask_host, own) for own in by_host.values()]
        try:
            for one in work:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _patiently(url: str, about: str) -> Answer:
    """Ask once more where the server asked for patience, as long as it asked for."""
    answer = ask(url, timeout_s=TIMEOUT_S, about=about)
    if answer.status in (429, 503) and 0 < answer.retry_after_s <= LONGEST_WAIT_S:
        time.sleep(answer.retry_after_s)
        answer = ask(url, timeout_s=TIMEOUT_S, about=about)
    return answer


def _result(url: str, answer: Answer) -> LinkResult:
    """Judge an answer: only a server that says so makes a link dead, and a refusal says nothing of the page."""
    answered = LinkResult(url=url, state="ok", checked="", status=answer.status, target=answer.target, note=answer.note)
    if 200 <= answer.status < 300:
        return replace(answered, state="moved" if answer.target else "ok")
    return replace(answered, state="dead" if answer.status in GONE else "unreachable")


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f"{file.name}.new")
        beside.write_text(text, "utf-8")
        beside.replace(file)
    except OSError as problem:
        raise OutputError(f"{file}: cannot be written: {problem.strerror}") from problem
