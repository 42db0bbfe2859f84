"""Where reports are pushed to and pulled from, and the credentials for it: git gets them in its environment alone.

They stand in no argument, no file, no error text and no configuration of ours.
"""

import base64
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from generator.errors import SourceError
from generator.render.escape import decode
from generator.sources.git import Mirror

TOKEN = "KDUMP_PORTAL_TOKEN"
USER = "KDUMP_PORTAL_USER"
DEFAULT_USER = "x-access-token"  # GitHub takes any name, and GitLab any for its own tokens but those of a job
HIDDEN = "[hidden]"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """An address that may be shown, and the settings that only git's environment gets."""

    address: str
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def clean(self, text: str) -> str:
        """Return a text without the credentials, should a server have said them back."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text


def find_remote(where: str, *, folder: Path, environment: Mapping[str, str] = os.environ) -> Remote:
    """Return the remote that `where` is: an address, a folder, or a remote's name in the clone that `folder` is in.

    Credentials come from the address, else from KDUMP_PORTAL_TOKEN (and KDUMP_PORTAL_USER), else from what the clone
    has for the address, as `actions/checkout` leaves it. Raises SourceError, never with a credential in it.
    """
    clone = _clone(folder)
    named = _setting(clone, "--get", f"remote.{where}.url") if clone and NAME_RE.fullmatch(where) else ""
    address = named or where
    if not re.match(r"https?://", address, re.IGNORECASE):
        return Remote(address=_plain(address, folder))
    parts = _split(address)
    public = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    header, secrets = _credentials(parts, public, clone, environment)
    if not header:
        return Remote(address=public)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise SourceError(f"{public}: the token would be sent in the clear: give an https address")
    # Without redirects: the header must not go to whom the server names.
    base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
    pairs = ((f"http.{base}.extraHeader", header), ("http.followRedirects", "false"))
    return Remote(address=public, settings=settings_of(pairs), secrets=secrets)


NAME_RE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def settings_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the environment that gives git these configuration values (git-config(1), GIT_CONFIG_COUNT)."""
    settings: dict[str, str] = {}
    for number, (key, value) in enumerate(pairs):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return settings | {"GIT_CONFIG_COUNT": str(len(settings) // 2)}


def _clone(folder: Path) -> Mirror | None:
    for place in (folder.resolve(), *folder.resolve().parents):
        if (place / ".git").exists():
            return Mirror(place / ".git")
    return None


def _setting(clone: Mirror, *question: str) -> str:
    """Return what the clone's own configuration says, "" when it says nothing."""
    with clone.open("config", "--null", *question) as process:
        output, _ = process.communicate()
    return decode(output.rpartition(b"\0")[0].rpartition(b"\0")[2]) if process.returncode == 0 else ""


def _plain(address: str, folder: Path) -> str:
    """Return an address that carries no credentials: ssh, git and file URLs, `host:path`, or a folder."""
    if address.startswith("-") or "::" in address:
        raise SourceError("the remote is no address that is used here: give https, ssh, git, file or a folder")
    if re.match(r"[a-z+]+://", address):
        if ":" in address.partition("://")[2].partition("/")[0].rpartition("@")[0]:
            raise SourceError("the remote has a password, which only http and https take: leave it out, and use a key")
        return address
    return address if re.match(r"[^/]+:", address) else str((folder / Path(address).expanduser()).resolve())


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_whole = bool(parts.hostname) and parts.port != 0  # the port is only read, and refused, when asked for
    except ValueError:
        is_whole = False
    if not is_whole or not address.isprintable() or " " in address:
        raise SourceError("the remote is no http or https address: check it (it is not shown, as it may hold a token)")
    if parts.query or parts.fragment:
        raise SourceError("the remote has a `?` or `#`, which git has no use for: put a token before the host, as "
                          f"https://USER:TOKEN@HOST/…, or into {TOKEN}")  # fmt: skip
    return parts


def _credentials(
    parts: SplitResult, public: str, clone: Mirror | None, environment: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """Return the header that says who we are, and every spelling of what must not be shown."""
    user, token = unquote(parts.username or ""), unquote(parts.password or "")
    if user and not token:
        user, token = DEFAULT_USER, user  # https://TOKEN@host/
    if not token:
        user, token = user or environment.get(USER, DEFAULT_USER), environment.get(TOKEN, "").strip()
    if token:
        packed = base64.b64encode(f"{user}:{token}".encode("utf-8", "surrogateescape")).decode()
        spellings = (packed, parts.password or parts.username or "", token, quote(token, safe=""))
        return f"Authorization: Basic {packed}", tuple(filter(None, dict.fromkeys(spellings)))
    header = _setting(clone, "--get-urlmatch", "http.extraheader", public) if clone else ""
    return header, (header, *header.split()[-1:]) if header else ()
