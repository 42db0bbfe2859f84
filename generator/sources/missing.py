"""Brings patches here that a collection lists as missing, from the address where each once was."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from generator.errors import ParseError, SourceError
from generator.model.patches import Collection, Missing
from generator.model.paths import slug
from generator.sources.http import Progress, Unreachable, fetch_file
from generator.sources.patches import LARGEST_BYTES, make_patch

# The Internet Archive's copy of an address nearest to a time, without the frame around it (`id_`).
ARCHIVE = "https://web.archive.org/web/2006id_/"


def sync_missing(
    collections: Iterable[Collection],
    folder: Path,
    progress: Progress,
    *,
    timeout_s: float = 30.0,
    pause_s: float = 1.0,
    archive: str = ARCHIVE,
) -> tuple[str, ...]:
    """Fetch each missing patch that has an address to `folder`/<collection>/<slug of its name>.

    Where the address does not have it, `archive` is asked, a prefix of addresses; "" asks none.
    A file is kept when it has the SHA-256 that the collection names, or, where that is not known, when it is a patch
    and no error page. Returns what went wrong, a line each. A host that does not answer is not asked again.
    """
    problems: dict[str, None] = {}
    silent: set[str] = set()
    for collection in collections:
        for item in collection.missing:
            file = folder / collection.name / slug(item.name)
            fetch = partial(_fetch, item, file=file, progress=progress, timeout_s=timeout_s, pause_s=pause_s)
            found = _try(_addresses(item, archive), fetch, silent)
            problems |= {f"{collection.name}: {problem}": None for problem in found}
    return tuple(problems)


def _try(addresses: Iterable[str], fetch: Callable[[str], None], silent: set[str]) -> list[str]:
    """Fetch from the first address that has it; return why the others did not, nothing when one did."""
    problems: list[str] = []
    for address in addresses:
        host = urlsplit(address).netloc
        if host in silent:
            continue
        try:
            fetch(address)
            return []
        except Unreachable as problem:
            silent.add(host)
            problems.append(str(problem))
        except SourceError as problem:
            problems.append(str(problem))
    return problems


def _addresses(item: Missing, archive: str) -> tuple[str, ...]:
    if not item.address:
        return ()
    return (item.address, archive + item.address) if archive else (item.address,)


def _fetch(item: Missing, address: str, file: Path, progress: Progress, timeout_s: float, pause_s: float) -> None:
    draft = file.with_name(file.name + ".new")
    fetched = fetch_file(
        address, draft, max_bytes=LARGEST_BYTES, timeout_s=timeout_s, progress=progress, pause_s=pause_s
    )
    problem = _unlike(item, draft.read_bytes(), fetched.sha256)
    if problem:
        draft.unlink()
        raise SourceError(f"{address}: {problem}: it is not kept")
    draft.replace(file)


def _unlike(item: Missing, data: bytes, sha256: str) -> str:
    """Return why what came is not the missing patch, "" when it is."""
    if item.sha256:
        return "" if sha256 == item.sha256 else f"its SHA-256 is {sha256}, wanted is {item.sha256}"
    try:
        return next((patch.problem for patch in make_patch(item.name, data) if patch.problem), "")
    except ParseError as problem:
        return str(problem)
