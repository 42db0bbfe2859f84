"""Whether a tag's signature holds, by gpgv and the keyring of the configuration; nobody's own keys count."""

import base64
import binascii
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.errors import SourceError
from generator.model.mirrors import Tag
from generator.model.releases import SignatureState
from generator.render.escape import decode
from generator.sources.git import Mirror

RECIPE = 1  # to be raised when the same question would get another answer
TIMEOUT_S = 30.0
PGP_HEADS = (b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP MESSAGE-----")
SSH_HEAD = b"-----BEGIN SSH SIGNATURE-----"
X509_HEAD = b"-----BEGIN SIGNED MESSAGE-----"
HEADS = (*PGP_HEADS, SSH_HEAD, X509_HEAD)
NO_GPGV = "gpgv is not installed here"


def check_signatures(mirror: Mirror, tags: Iterable[Tag], keyring: str, *, kept: Path) -> Mapping[str, SignatureState]:
    """Return tag -> state, from the file `kept` where it has the answer for this tag object and keyring."""
    before = _kept(kept)
    ring = hashlib.sha256(public_keys(keyring)).hexdigest()
    states: dict[str, SignatureState] = {}
    answers: dict[str, dict[str, str]] = {}
    for tag in tags:
        key = f"{tag.target} {ring} {bool(keyring)} {RECIPE}"
        states[tag.name] = before.get(key) or check_signature(mirror, tag, keyring)
        if states[tag.name].reason != NO_GPGV:
            answers[key] = asdict(states[tag.name])
    if answers.keys() != before.keys():
        _keep(kept, answers)
    return states


def _kept(file: Path) -> dict[str, SignatureState]:
    try:
        return {key: SignatureState(**state) for key, state in json.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(file: Path, answers: Mapping[str, Mapping[str, str]]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}.partial")
        draft.write_text(json.dumps(answers, indent=1) + "\n", "utf-8")
        draft.replace(file)
    except OSError as problem:
        raise SourceError(f"{file.name}: cannot be kept: {problem.strerror or problem}") from problem


def check_signature(mirror: Mirror, tag: Tag, keyring: str) -> SignatureState:
    """Return the state of one tag's signature. `keyring` is a file of public keys, armoured or not; "" none.

    Raises SourceError when the keyring cannot be read or the tag object is gone.
    """
    if not tag.annotated:
        return SignatureState(verdict="none")
    payload, signature = _split(mirror.run("cat-file", "tag", tag.target))
    if not signature:
        return SignatureState(verdict="none")
    if signature.startswith(SSH_HEAD):
        return SignatureState(verdict="unverified", reason="it is an SSH signature, which is not checked here")
    if signature.startswith(X509_HEAD):
        return SignatureState(verdict="unverified", reason="it is an X.509 signature, which is not checked here")
    named = NAME_RE.match(payload)
    if not named or decode(named[1]) != tag.name:
        # who serves the repository may put an old signed tag under a new name; the signature would still hold
        return SignatureState(verdict="bad", reason="what was signed is a tag of another name")
    status = _gpgv(payload, signature, public_keys(keyring))
    return SignatureState(verdict="unverified", reason=NO_GPGV) if status is None else _state(status, bool(keyring))


NAME_RE = re.compile(rb"object [^\n]*\ntype [^\n]*\ntag ([^\n]*)\n")


def _split(tag: bytes) -> tuple[bytes, bytes]:
    """Return (what is signed, signature) where git itself splits them: at the last line that begins one."""
    starts = [0, *(match.end() for match in re.finditer(b"\n", tag))]
    last = max((start for start in starts if tag.startswith(HEADS, start)), default=len(tag))
    return tag[:last], tag[last:]


def public_keys(keyring: str) -> bytes:
    """Return the keys without their armour, which gpgv does not read; b"" without a keyring."""
    if not keyring:
        return b""
    try:
        data = Path(keyring).read_bytes()
    except OSError as problem:
        words = f"the keyring cannot be read: {problem.strerror or problem}: correct `keyring:`"
        raise SourceError(f"{Path(keyring).name}: {words}") from problem
    return _unarmoured(data, Path(keyring).name) if b"-----BEGIN PGP" in data else data


def _unarmoured(data: bytes, name: str) -> bytes:
    try:
        keys = b"".join(base64.b64decode(block) for block in ARMOUR_RE.findall(data.replace(b"\r\n", b"\n")))
    except binascii.Error:
        keys = b""
    if not keys:
        raise SourceError(f"{name}: the armour of its keys is broken: export the keys again")
    return keys


ARMOUR_RE = re.compile(
    rb"^-----BEGIN PGP PUBLIC KEY BLOCK-----[^\S\n]*\n(?:[^\n]*:[^\n]*\n)*\n([A-Za-z0-9+/\n]+=*)\n", re.MULTILINE
)


def _gpgv(payload: bytes, signature: bytes, keys: bytes) -> str | None:
    """Return gpgv's status lines; None when it is not installed."""
    with TemporaryDirectory(prefix="portal-gpgv-") as folder:
        home = Path(folder)
        for name, data in (("payload", payload), ("signature", signature), ("keys", keys)):
            (home / name).write_bytes(data)
        command = ["gpgv", "--homedir", folder, "--keyring", str(home / "keys"), "--status-fd", "1"]
        try:
            done = subprocess.run(
                [*command, str(home / "signature"), str(home / "payload")],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": folder},
            )
        except FileNotFoundError:
            return None
        except subprocess.TimeoutExpired:
            return ""
    return decode(done.stdout)


def _state(status: str, has_keyring: bool) -> SignatureState:
    """Read `[GNUPG:] KEYWORD arguments` lines, as GnuPG's doc/DETAILS describes them."""
    lines = [line.removeprefix("[GNUPG:] ").split(" ") for line in status.splitlines() if line.startswith("[GNUPG:] ")]
    said = {words[0]: words[1:] for words in lines}
    if "BADSIG" in said:
        return SignatureState(verdict="bad", reason="the tag is not what was signed", key=said["BADSIG"][0])
    # A key that has expired since made its signature all the same; and a verdict must not change with the clock.
    good = said.get("GOODSIG") or said.get("EXPKEYSIG")
    if good and "VALIDSIG" in said:
        return SignatureState(verdict="verified", key=said["VALIDSIG"][0], signer=" ".join(good[1:]))
    return _unverified(said, has_keyring)


def _unverified(said: Mapping[str, list[str]], has_keyring: bool) -> SignatureState:
    error = said.get("ERRSIG", [])
    key = error[6] if len(error) > 6 and error[6] != "-" else "".join(error[:1])
    if "NO_PUBKEY" in said and has_keyring:
        return SignatureState(verdict="unverified", reason="its key is not in the keyring", key=key)
    if "NO_PUBKEY" in said:
        return SignatureState(verdict="unverified", reason="no keyring is configured", key=key)
    if "REVKEYSIG" in said:
        key = said["REVKEYSIG"][0]
        return SignatureState(verdict="unverified", reason="its key has been revoked", key=key)
    if "EXPSIG" in said:
        key = said["EXPSIG"][0]
        return SignatureState(verdict="unverified", reason="the signature was made for a limited time", key=key)
    return SignatureState(verdict="unverified", reason="gpgv could not read the signature", key=key)
