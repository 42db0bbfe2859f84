"""Files from the web, whole or not at all. The only importer of requests.

No credentials ever leave: none from the environment or a netrc, and addresses that hold some are refused.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from generator import __version__
from generator.errors import SourceError

Progress = Callable[[str], None]
BLOCK_BYTES = 1 << 16
TRIES = 4
REDIRECTS = 5
SLOW_BYTES_PER_S = 500
HEADERS = {
    "User-Agent": f"kdump-portal/{__version__}",
    # a server that compresses would change the bytes that checksums and signatures are over
    "Accept-Encoding": "identity",
}
REDIRECT_STATUS = (301, 302, 303, 307, 308)
PASSING_STATUS = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that arrived. `url` is where it came from after redirects."""

    sha256: str
    size_bytes: int
    url: str


class MissingFile(SourceError):
    """The server answered, and has no such file."""


class Unreachable(SourceError):
    """No try came through. Another time may."""


class _Interrupted(Exception):
    """What another try may mend."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


@dataclass(frozen=True, slots=True)
class _Partial:
    """What has arrived so far, and beside it what it is a part of: address and validator."""

    file: Path
    facts: Path

    def begun(self, url: str) -> tuple[int, str]:
        """Return (bytes, validator) to go on from; (0, "") to begin anew."""
        try:
            facts = json.loads(self.facts.read_text("utf-8"))
            size_bytes = self.file.stat().st_size
        except (OSError, ValueError):
            return 0, ""
        if not isinstance(facts, dict) or facts.get("url") != url or not facts.get("validator"):
            return 0, ""
        return size_bytes, str(facts["validator"])

    def start(self, url: str, validator: str) -> None:
        self.file.unlink(missing_ok=True)
        self.facts.write_text(json.dumps({"url": url, "validator": validator}) + "\n", "utf-8")

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)
        self.facts.unlink(missing_ok=True)


def fetch_file(
    url: str,
    destination: Path,
    *,
    max_bytes: int,
    timeout_s: float,
    progress: Progress,
    pause_s: float = 1.0,
) -> Fetched:
    """Bring a file to `destination`, which is replaced in one step when all of it has arrived.

    An interrupted transfer is kept in `destination.partial` and gone on with, in this call or a later one, as long as
    the server says that the file is the same. `timeout_s` limits each silence; `pause_s` is the first of the growing
    pauses between tries. Raises MissingFile for 404 and 410, Unreachable when no try came through,
    SourceError for everything else.
    """
    partial = _Partial(*(destination.with_name(destination.name + ending) for ending in (".partial", ".partial.json")))
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        fetched = _try(url, partial, max_bytes, timeout_s, progress, pause_s)
        partial.file.replace(destination)
        partial.facts.unlink(missing_ok=True)
    except OSError as problem:
        raise SourceError(f"{url}: {destination.name} cannot be written: {problem.strerror or problem}") from problem
    return fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says of an address: `status` 0 is no answer, `note` why; `target` where it is moved for good."""

    status: int = 0
    target: str = ""
    note: str = ""
    retry_after_s: float = 0.0


def ask(url: str, *, timeout_s: float, about: str = "") -> Answer:
    """Ask for an address and read no body: HEAD, and GET where the server takes HEAD amiss. Never raises.

    `about` goes into the User-Agent: who asks, and where that is explained.
    """
    headers = HEADERS | {"User-Agent": f"{HEADERS['User-Agent']} ({about})"} if about else HEADERS
    with _Session() as session:
        session.auth = _no_credentials
        answer = _ask("HEAD", session, url, headers, timeout_s)
        if answer.status in (0, 429) or 200 <= answer.status < 300:
            return answer
        return _ask("GET", session, url, headers, timeout_s)


def _ask(method: str, session: requests.Session, url: str, headers: dict[str, str], timeout_s: float) -> Answer:
    here, target = url, ""
    for turn in range(REDIRECTS + 1):
        try:
            _check_address(here, url)
            response = session.request(method, here, headers=headers, timeout=timeout_s, stream=True)
            response.close()
            if response.status_code not in REDIRECT_STATUS:
                note = "" if response.ok else f"the server answered {response.status_code}"
                gone_to = target if response.ok else ""
                wait_s = _retry_after(response)
                return Answer(status=response.status_code, target=gone_to, note=note, retry_after_s=wait_s)
            there = _target(here, response.headers.get("Location", ""), url)
        except requests.exceptions.SSLError as problem:
            return Answer(note=f"its certificate does not hold: {_innermost(problem)}")
        except requests.Timeout:
            return Answer(note=f"no answer within {timeout_s:g} s")
        except (requests.RequestException, urllib3.exceptions.HTTPError) as problem:
            return Answer(note=f"cannot be reached: {_innermost(problem)}")
        except SourceError as problem:
            return Answer(note=str(problem).removeprefix(f"{url}: "))
        permanent = response.status_code in (301, 308) and (turn == 0 or target == here)
        here, target = there, there if permanent else target
    return Answer(note=f"redirects more than {REDIRECTS} times")


def _try(url: str, partial: _Partial, max_bytes: int, timeout_s: float, progress: Progress, pause_s: float) -> Fetched:
    for turn in range(1, TRIES + 1):
        try:
            return _attempt(url, partial, max_bytes, timeout_s, progress)
        except _Interrupted as problem:
            if turn == TRIES:
                raise Unreachable(f"{url}: {problem}, {TRIES} times: try again later or give another address") from None
            progress(f"{url}: {problem}; trying again")
            time.sleep(min(max(pause_s * 2 ** (turn - 1), problem.pause_s), 30.0))
    raise AssertionError("every turn returns or raises")


def _attempt(url: str, partial: _Partial, max_bytes: int, timeout_s: float, progress: Progress) -> Fetched:
    with _Session() as session:
        session.auth = _no_credentials  # without it requests looks into ~/.netrc
        begun, validator = partial.begun(url)
        extra = {"Range": f"bytes={begun}-", "If-Range": validator} if begun else {}
        response = _open(session, url, HEADERS | extra, timeout_s)
        with response:
            begun = _accept(response, url, partial, begun, max_bytes)
            return _receive(response, url, partial, begun, max_bytes, timeout_s, progress)


class _Session(requests.Session):
    """A session that leaves redirects to us: requests would prepare the next request and read a body of any size."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _open(session: requests.Session, url: str, headers: dict[str, str], timeout_s: float) -> requests.Response:
    """Return the answer at the end of the redirects, its body unread."""
    here = url
    for _ in range(REDIRECTS + 1):
        _check_address(here, url)
        response = _get(session, here, headers, timeout_s)
        if response.status_code not in REDIRECT_STATUS:
            return response
        response.close()
        there = _target(here, response.headers.get("Location", ""), url)
        if here.startswith("https://") and there.startswith("http://"):
            raise SourceError(f"{url}: redirects from https to {there}: give an address that stays with https")
        here = there
    raise SourceError(f"{url}: redirects more than {REDIRECTS} times: give the address it should end at")


def _target(here: str, location: str, url: str) -> str:
    try:
        return urljoin(here, location)
    except ValueError as problem:
        raise SourceError(f"{url}: redirects to {location!r}, which is no address: {problem}") from problem


def _check_address(here: str, url: str) -> None:
    said = f"{url}: " if here == url else f"{url}: redirects to {here}: "
    try:
        parts = urlsplit(here)
        host = parts.hostname
    except ValueError as problem:
        raise SourceError(f"{said}is no address: {problem}") from problem
    if parts.scheme not in ("http", "https") or not host:
        raise SourceError(f"{said}only http and https addresses are fetched")
    if parts.username is not None or parts.password is not None:
        raise SourceError(f"{url}: user names and passwords in addresses are not used: give a public address")


def _get(session: requests.Session, url: str, headers: dict[str, str], timeout_s: float) -> requests.Response:
    try:
        return session.get(url, headers=headers, timeout=timeout_s, stream=True, allow_redirects=False)
    except requests.exceptions.SSLError as problem:
        raise SourceError(f"{url}: its certificate does not hold: {_innermost(problem)}") from problem
    except requests.Timeout as problem:
        raise _Interrupted(f"no answer within {timeout_s:g} s") from problem
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as problem:
        raise _Interrupted(f"cannot be reached: {_innermost(problem)}") from problem
    except requests.RequestException as problem:
        raise SourceError(f"{url}: cannot be asked for: {_innermost(problem)}") from problem


def _innermost(problem: BaseException) -> str:
    """Return the words of the first cause: the libraries wrap it several times, and name objects of theirs."""
    while inner := problem.__cause__ or problem.__context__:
        problem = inner
    words = str(getattr(problem, "strerror", None) or problem)
    return " ".join(words.split()) or type(problem).__name__


def _accept(response: requests.Response, url: str, partial: _Partial, begun: int, max_bytes: int) -> int:
    """Return how many of the bytes at hand the answer goes on from. Raises for every answer that is no file."""
    status = response.status_code
    if status in (404, 410):
        raise MissingFile(f"{url}: the server has no such file ({status})")
    if status in PASSING_STATUS:
        raise _Interrupted(f"the server answered {status}", _retry_after(response))
    if status == 416 and begun:
        partial.discard()
        raise _Interrupted("the server cannot go on where the transfer stopped")
    if status == 206 and begun and _range_start(response) == begun:
        _check_size(begun + _length(response), url, max_bytes, partial)
        return begun
    if status != 200:
        raise SourceError(f"{url}: the server answered {status}: check the address")
    _check_size(_length(response), url, max_bytes, partial)
    partial.start(url, _validator(response))
    return 0


def _retry_after(response: requests.Response) -> float:
    said = response.headers.get("Retry-After", "")
    return float(said) if re.fullmatch(r"\d{1,6}", said) else 0.0


def _range_start(response: requests.Response) -> int:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _length(response: requests.Response) -> int:
    said = response.headers.get("Content-Length", "")
    return int(said) if re.fullmatch(r"\d{1,18}", said) else 0


def _check_size(size_bytes: int, url: str, max_bytes: int, partial: _Partial) -> None:
    if size_bytes > max_bytes:
        partial.discard()
        raise SourceError(f"{url}: is bigger than the {max_bytes} bytes that are allowed: check the address")


def _validator(response: requests.Response) -> str:
    """Return what If-Range may name: a strong ETag, else the date of the last change, else nothing."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _receive(
    response: requests.Response,
    url: str,
    partial: _Partial,
    begun: int,
    max_bytes: int,
    timeout_s: float,
    progress: Progress,
) -> Fetched:
    digest, size_bytes = hashlib.sha256(), begun
    if begun:
        with partial.file.open("rb") as before:
            digest = hashlib.file_digest(before, "sha256")
    with partial.file.open("ab") as file:
        for block in _blocks(response, timeout_s):
            size_bytes += len(block)
            _check_size(size_bytes, url, max_bytes, partial)
            digest.update(block)
            file.write(block)
            progress(f"{url}: {size_bytes} bytes")
    return Fetched(sha256=digest.hexdigest(), size_bytes=size_bytes, url=response.url)


def _blocks(response: requests.Response, timeout_s: float) -> Iterator[bytes]:
    """Yield the body as it was sent. Raises _Interrupted when it ends early, stops, or only drips."""
    started, count = time.monotonic(), 0
    try:
        while block := response.raw.read1(BLOCK_BYTES, decode_content=False):
            yield block
            count += len(block)
            waited_s = time.monotonic() - started - 2 * timeout_s
            if waited_s > 0 and count < waited_s * SLOW_BYTES_PER_S:
                raise _Interrupted(f"sends less than {SLOW_BYTES_PER_S} bytes a second")
    except urllib3.exceptions.TimeoutError as problem:
        raise _Interrupted(f"silent for {timeout_s:g} s") from problem
    except urllib3.exceptions.HTTPError as problem:
        raise _Interrupted("the connection broke") from problem
    finally:
        with suppress(urllib3.exceptions.HTTPError, OSError):
            response.raw.close()
