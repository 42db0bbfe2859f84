"""Publishing over ssh with rsync: the same layout as in a folder, made on the other machine.

rsync sends what differs from the current site and hard-links the rest (`--link-dest`); an interrupted transfer is gone
on with at the next try. Then one remote shell command puts the site in place.
"""

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from generator.errors import PortalError, SourceError
from generator.publish.folder import Published
from generator.publish.inventory import LIST, compare, dump_list, load_list, name_of, take_inventory

PATIENCE_S = 3600
SENT_RE = re.compile(r"Total transferred file size: ([\d,.]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on another machine: `ssh://[USER@]HOST[:PORT]/FOLDER`."""

    login: str
    port: int | None
    folder: str

    @property
    def ssh(self) -> list[str]:
        """ssh, which must not ask; KDUMP_PORTAL_SSH says how it is called, as GIT_SSH_COMMAND does for git."""
        command = shlex.split(os.environ.get("KDUMP_PORTAL_SSH", "ssh"))
        return [*command, "-o", "BatchMode=yes", *(("-p", str(self.port)) if self.port else ())]


def parse_place(address: str) -> Place:
    """Return the place that an address names. Raises PortalError."""
    parts = urlsplit(address)
    login = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname or ""
    if parts.password or not re.fullmatch(r"[\w.-]+(@[\w.:-]+)?", login) or login.startswith("-"):
        raise PortalError(f"{parts.hostname}: an address is ssh://[USER@]HOST[:PORT]/FOLDER, without a password")
    if not re.fullmatch(r"/[\w./-]+", parts.path) or "/../" in f"{parts.path}/":
        raise PortalError(f"{parts.path or address}: the folder must be absolute, of letters, digits and ._-/")
    return Place(login, parts.port, parts.path.rstrip("/"))


def publish_ssh(site: Path, address: str, *, keep: int, progress: Callable[[str], None]) -> Published:
    """Make a site the current one on another machine. Raises PortalError in rsync's or ssh's words."""
    place = parse_place(address)
    new = take_inventory(site)
    name = name_of(new)
    old = _list_there(place)
    changes = compare(old, new)
    progress(f"{len(changes.send)} files to send")
    sent_bytes = 0
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / LIST
        listing.write_bytes(dump_list(new))
        _remote(place, f"mkdir -p {place.folder}/releases")
        draft = f"{place.folder}/releases/.{name}.part"
        options = [
            "-rlt",
            "--checksum",
            "--delete",
            "--stats",
            "--partial",
            f"--exclude=/{LIST}",
            "--exclude=/.kdump-portal.json",
        ]
        options += [f"--link-dest={place.folder}/current/"] if old else []
        shell = shlex.join(place.ssh)
        said = _run(["rsync", *options, "-e", shell, f"{site}/", f"{place.login}:{draft}/"])
        _run(["rsync", "-t", "-e", shell, str(listing), f"{place.login}:{draft}/{LIST}"])
        if found := SENT_RE.search(said):
            sent_bytes = int(re.sub(r"\D", "", found[1]))
    _remote(place, SWITCH.format(folder=place.folder, name=name, keep=max(keep, 1)))
    return Published(
        name=name, sent=len(changes.send), kept=changes.kept, removed=len(changes.drop), sent_bytes=sent_bytes
    )


# One command, so that it is done even when the connection breaks. `mv -T` replaces the link by rename(2).
SWITCH = """set -e; cd {folder}
if [ -d releases/{name} ]; then rm -rf releases/.{name}.part; else mv releases/.{name}.part releases/{name}; fi
now=$(readlink current || true)
if [ -n "$now" ] && [ "$now" != releases/{name} ]; then ln -s "$now" .previous.new; mv -T .previous.new previous; fi
ln -sfn releases/{name} .current.new; mv -T .current.new current
before=$(readlink previous || true)
ls -1t releases | tail -n +$(({keep} + 1)) | while read -r old; do
case "releases/$old" in "$before" | releases/{name}) ;; *) rm -rf "releases/$old" ;; esac; done
"""


def roll_back_ssh(address: str) -> str:
    """Make the site before the current one current again there; return its name."""
    place = parse_place(address)
    script = (
        f"set -e; cd {place.folder}; before=$(readlink previous); now=$(readlink current); "
        'ln -sfn "$before" .current.new; mv -T .current.new current; '
        'ln -sfn "$now" .previous.new; mv -T .previous.new previous; echo "${before#releases/}"'
    )
    return _remote(place, script).strip()


def _list_there(place: Place) -> dict[str, str]:
    said = _remote(place, f"cat {place.folder}/current/{LIST} 2>/dev/null || true")
    return load_list(said.encode(), source=f"{place.login}:{LIST}") if said.strip() else {}


def _remote(place: Place, script: str) -> str:
    return _run([*place.ssh, place.login, script])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError as problem:
        raise PortalError(f"{command[0]} is not installed") from problem
    except subprocess.TimeoutExpired as problem:
        raise SourceError(f"{command[0]} did not end within {PATIENCE_S} s; run the same command again") from problem
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-500:]
        raise SourceError(
            f"{command[0]} ended with {done.returncode}: {said}; it is safe to run the same command again"
        )
    return done.stdout.decode("utf-8", "replace")
