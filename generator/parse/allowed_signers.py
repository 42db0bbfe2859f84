"""Read files of public keys in the format of ssh-keygen(1), ALLOWED SIGNERS: here the principals are origins."""

import base64
import binascii
import hashlib
import re

from generator.errors import ParseError
from generator.model.report_sources import Signer

LINE_RE = re.compile(
    r'(?P<origins>"[^"]*"|[^\s"]+)[ \t]+(?P<options>(?:[^\s"]|"[^"]*")+[ \t]+)??'
    r"(?P<type>(?:ssh|ecdsa|sk)-[a-z0-9@.-]+)[ \t]+(?P<key>[A-Za-z0-9+/]+=*)(?:[ \t]+(?P<comment>.*))?"
)


def parse_allowed_signers(text: str, *, source: str) -> tuple[Signer, ...]:
    """Return the keys of a file: `ORIGIN[,ORIGIN…] TYPE KEY [COMMENT]` a line, with options as OpenSSH has them.

    Raises ParseError for the first line that is none, and for a certificate authority, which names no key.
    """
    lines = enumerate((line.strip() for line in text.splitlines()), 1)
    return tuple(_signer(line, number, source) for number, line in lines if line and not line.startswith("#"))


def _signer(line: str, number: int, source: str) -> Signer:
    match = LINE_RE.fullmatch(line)
    if not match:
        raise ParseError(source, number, "is no allowed signer: write ORIGIN ssh-ed25519 KEY COMMENT")
    if "cert-authority" in (match["options"] or "").lower():
        raise ParseError(source, number, "a certificate authority is not used here: name each key")
    try:
        digest = hashlib.sha256(base64.b64decode(match["key"], validate=True)).digest()
    except binascii.Error as problem:
        raise ParseError(source, number, "the key is cut off: copy the whole line of the .pub file") from problem
    fingerprint = f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
    origins = tuple(filter(None, match["origins"].strip('"').split(",")))
    return Signer(origins=origins, fingerprint=fingerprint, name=(match["comment"] or "").strip() or fingerprint)
