"""Files of allowed signers as OpenSSH writes them, and lines that are none."""

import pytest

from generator.errors import ParseError
from generator.parse.allowed_signers import parse_allowed_signers

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIEUrTMmEcAJmMz7tHkNl1QXqMQ8nF0DoXUwCMK4M4ZyT"


def test_a_line_says_whose_reports_a_key_may_sign() -> None:
    text = f'# keys\n\nlab,other ssh-ed25519 {KEY} the lab\'s bot\n"third" namespaces="git,file" ssh-ed25519 {KEY}\n'
    first, second = parse_allowed_signers(text, source="keys")
    assert (first.origins, first.name) == (("lab", "other"), "the lab's bot")
    assert second.origins == ("third",)
    assert second.name == second.fingerprint == first.fingerprint
    assert first.fingerprint.startswith("SHA256:") and "=" not in first.fingerprint


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("lab", "write ORIGIN ssh-ed25519 KEY"),
        (f"ssh-ed25519 {KEY}", "write ORIGIN"),
        (f"lab ssh-ed25519 {KEY[:-1]}", "cut off"),
        (f"lab cert-authority ssh-ed25519 {KEY}", "certificate authority"),
        ("lab ssh-ed25519 <script>", "write ORIGIN"),
    ],
)
def test_what_is_no_signer_is_refused_with_its_line(line: str, advice: str) -> None:
    with pytest.raises(ParseError, match=advice) as raised:
        parse_allowed_signers(f"\n{line}\n", source="keys")
    assert str(raised.value).startswith("keys:2: ")
