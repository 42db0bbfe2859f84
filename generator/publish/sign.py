"""Signatures beside every SHA256SUMS, made by GnuPG or minisign themselves with a key of yours.

A signature is kept by what it signs, so that a site that did not change is not signed again and nothing new is sent.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from generator.errors import PortalError, SourceError

SUMS = "SHA256SUMS"
TIMEOUT_S = 120


def sign_sums(site: Path, paths: Iterable[str], key: str, cache: Path) -> int:
    """Sign each SHA256SUMS of `paths` with `gpg:KEY` or `minisign:FILE`; return how many. Raises PortalError."""
    tool, _, name = key.partition(":")
    if tool not in SIGNERS or not name:
        raise PortalError(f"--sign {key}: is not gpg:KEY or minisign:FILE")
    suffix, command = SIGNERS[tool]
    cache.mkdir(parents=True, exist_ok=True)
    count = 0
    for path in paths:
        if path.rpartition("/")[2] != SUMS:
            continue
        file = site / path
        what = hashlib.sha256(f"{key}\0".encode() + file.read_bytes()).hexdigest()
        kept = cache / f"{what}.{suffix}"
        if not kept.exists():
            draft = kept.with_name(f".{kept.name}.{os.getpid()}")
            _run([word.format(key=name, file=file, out=draft) for word in command])
            draft.replace(kept)
        goal = file.with_name(f"{file.name}.{suffix}")
        goal.unlink(missing_ok=True)
        shutil.copyfile(kept, goal)
        count += 1
    return count


SIGNERS = {
    "gpg": ("asc", ("gpg", "--batch", "--yes", "--armor", "--detach-sign", "--local-user", "{key}", "--output", "{out}",
                    "{file}")),
    "minisign": ("minisig", ("minisign", "-S", "-s", "{key}", "-m", "{file}", "-x", "{out}")),
}  # fmt: skip


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False)
    except FileNotFoundError as problem:
        raise PortalError(f"{command[0]} is not installed, and signing needs it") from problem
    except subprocess.TimeoutExpired as problem:
        raise SourceError(f"{command[0]} did not end within {TIMEOUT_S} s: does it wait for a passphrase?") from problem
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-300:]
        raise SourceError(f"{command[0]} ended with {done.returncode}: {said}")
