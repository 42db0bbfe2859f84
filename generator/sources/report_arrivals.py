"""When reports came into a git branch, and whose signature is on the commit: one stream of the log, kept afterwards."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from generator.errors import SourceError
from generator.model.report_sources import Arrival, Signer
from generator.parse.allowed_signers import parse_allowed_signers
from generator.render.escape import decode
from generator.sources.git import Mirror
from generator.sources.remotes import settings_of

RECIPE = 1  # to be raised when the same log would give another answer
REPORT_RE = re.compile(r"(?P<origin>[a-z0-9][a-z0-9._-]{0,63})/(?P<id>[0-9a-f]{64})\.json")
Arrivals = Mapping[str, Arrival]
"""By `<origin>/<id>.json`."""


def load_arrivals(mirror: Mirror, revision: str, *, below: str, signers: str, kept: Path) -> Arrivals:
    """Return the first arrival of every report below a folder ("" the top) of a branch.

    Only commits since the last call are read; `kept` is the file for that. `signers` is a file of allowed signers:
    without one no signature is looked at. Raises SourceError when the revision is not there.
    """
    head = decode(mirror.run("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip())
    facts = {"recipe": RECIPE, "below": below, "signers": _digest(signers)}
    before, arrivals = _kept(kept, facts)
    if before == head:
        return arrivals
    if not before or not _is_ancestor(mirror, before, head):
        before, arrivals = "", {}
    span = f"{before}..{head}" if before else head
    for path, arrival in _read_log(mirror, span, below, signers):
        arrivals.setdefault(path, arrival)
    _keep(kept, {**facts, "head": head}, arrivals)
    return arrivals


def kept_arrivals(kept: Path) -> Arrivals:
    """Return what the last call kept, whatever it was asked."""
    return _kept(kept, {})[1]


def read_signers(file: str) -> tuple[Signer, ...]:
    """Return the keys of a file of allowed signers; () when none is configured. Raises PortalError."""
    return parse_allowed_signers(_text(file), source=Path(file).name) if file else ()


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SourceError(f"{Path(file).name}: cannot be read: put the file of allowed signers there") from problem


def _digest(signers: str) -> str:
    return hashlib.sha256(_text(signers).encode()).hexdigest() if signers else ""


def _is_ancestor(mirror: Mirror, before: str, head: str) -> bool:
    with mirror.open("merge-base", "--is-ancestor", before, head) as process:
        process.communicate()
    return process.returncode == 0


def _read_log(mirror: Mirror, span: str, below: str, signers: str) -> Iterator[tuple[str, Arrival]]:
    """Yield every report that a commit added, the oldest commit first."""
    if signers and not shutil.which("ssh-keygen"):
        raise SourceError("ssh-keygen is not installed, so no signature can be checked: install openssh-client")
    # only SSH signatures are asked about: an OpenPGP one would be checked with this machine's own keys
    pairs = [(f"gpg.{kind}program", "false") for kind in ("", "openpgp.", "x509.")]
    pairs += [("gpg.ssh.allowedSignersFile", signers)] if signers else []
    form = "%H%x00%ct%x00%G?%x00%GF" if signers else "%H%x00%ct%x00%x00"
    command = ["log", "-z", "--reverse", "--topo-order", "--full-history", "--raw", "--no-abbrev", "--no-renames"]
    command += ["--diff-filter=A", f"--format={form}", span, "--", *([below] if below else [])]
    prefix = f"{below}/" if below else ""
    output = Mirror(mirror.folder, settings_of(pairs)).run(*command)
    for committed, state, fingerprint, path in _additions(iter(output.split(b"\0"))):
        if path.startswith(prefix) and REPORT_RE.fullmatch(path.removeprefix(prefix)):
            yield path.removeprefix(prefix), Arrival(int(committed), fingerprint if state == "G" else "")


def _additions(fields: Iterator[bytes]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (time, state of the signature, fingerprint, path) of each added file.

    A header has four fields; behind it every field that begins with a colon is followed by one path, whatever that
    looks like: no name of a file is taken for a header.
    """
    header: tuple[str, str, str] = ("0", "", "")
    for field in fields:
        text = decode(field).lstrip("\n")
        if text.startswith(":"):
            yield *header, decode(next(fields, b""))
        elif text:
            header = (decode(next(fields, b"0")), decode(next(fields, b"")), decode(next(fields, b"")))


def _kept(file: Path, facts: Mapping[str, object]) -> tuple[str, dict[str, Arrival]]:
    """Return the head that was read last, and its arrivals; nothing when another question was asked then."""
    try:
        head, *lines = file.read_text("utf-8").splitlines()
        said = json.loads(head)
        if any(said.get(name) != value for name, value in facts.items()):
            return "", {}
        return said["head"], {path: Arrival(int(time), by) for path, time, by in (row.split("\t") for row in lines)}
    except (OSError, ValueError, KeyError, AttributeError):
        return "", {}


def _keep(file: Path, facts: Mapping[str, object], arrivals: Arrivals) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text("\n".join((json.dumps(facts), *_rows(arrivals))) + "\n", "utf-8")
    draft.replace(file)


def _rows(arrivals: Arrivals) -> Iterable[str]:
    return (f"{path}\t{arrival.committed}\t{arrival.fingerprint}" for path, arrival in arrivals.items())
