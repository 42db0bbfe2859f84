"""Redaction against whatever Hypothesis thinks of: no secret survives in any surroundings, twice does no more."""

import string
from ipaddress import IPv4Address, IPv6Address

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from generator.parse.redact import redact

ALNUM = string.ascii_letters + string.digits
WORDS = st.text("abcdefghij klmnopqrstu\n.,;()[]{}=:'\"<>|-_/@$#é→\x00", max_size=40)
# Between words of a log: what may stand right before and after something that is to be found.
BEFORE = st.sampled_from(
    ["", " ", "\n", "\t", "(", "[", "<", "'", '"', "=", ",", ";", "|", "/", "@", "->", "\x1b[0m", "http://"]
)
AFTER = st.sampled_from(["", " ", "\n", "\t", *")]>'\",;|.?!:/", ". ", ": ", "\x1b[0m", "%eth0"])
IPV4 = st.integers(0x01000000, 0xDFFFFFFF).map(IPv4Address).filter(lambda one: str(one) != "127.0.0.1").map(str)
IPV6 = (
    st.integers(2, 2**128 - 1)
    .map(IPv6Address)
    .flatmap(lambda one: st.sampled_from([one.compressed, one.exploded, one.compressed.upper()]))
)
MAC = st.tuples(st.sampled_from(":-"), st.binary(min_size=6, max_size=6)).map(lambda made: made[1].hex(made[0]))
LONG = st.text(ALNUM, min_size=36, max_size=60)
TOKENS = st.one_of(
    st.tuples(st.sampled_from(["ghp_", "gho_", "ghs_", "glpat-", "github_pat_", "xoxb-"]), LONG).map("".join),
    st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=16).map(lambda key: f"AKIA{key}"),
)
NAMES = st.text(string.ascii_lowercase, min_size=8, max_size=20)
KEYED = st.tuples(
    st.sampled_from(["password", "PASSWORD", "db_password", "api-key", "access_token", "passphrase", "client_secret"]),
    st.sampled_from(["=", ": ", " = ", ":"]),
)
HOSTS = st.tuples(NAMES, NAMES, st.sampled_from(["internal", "corp", "lan", "intranet"])).map(".".join)


@settings(max_examples=500, deadline=None, database=None)
@given(WORDS, BEFORE, st.one_of(IPV4, IPV6, MAC, TOKENS, HOSTS), AFTER, WORDS)
def test_what_shows_what_it_is_survives_nowhere(left: str, before: str, secret: str, after: str, right: str) -> None:
    marked, counts = redact(f"{left} {before}{secret}{after} {right}")
    assert secret not in marked
    assert counts.total() > 0


@settings(max_examples=300, deadline=None, database=None)
@given(WORDS, KEYED, LONG, st.sampled_from(["", "'", '"']), WORDS)
def test_what_a_key_calls_secret_survives_nowhere(
    left: str, keyed: tuple[str, str], secret: str, quote: str, right: str
) -> None:
    key, mark = keyed
    assert secret not in redact(f"{left} {key}{mark}{quote}{secret}{quote} {right}")[0]


@settings(max_examples=300, deadline=None, database=None)
@given(WORDS, NAMES, NAMES, WORDS)
def test_accounts_homes_and_passwords_in_addresses_survive_nowhere(left: str, name: str, host: str, right: str) -> None:
    host = f"h{host}"[:8]
    assume(name not in left + right + host)
    for text in (f"{name}@{host}", f"/home/{name}/x", f"https://u:{name}@{host}/", f"hostname={name}"):
        assert name not in redact(f"{left} {text} {right}")[0]


PIECES = st.one_of(
    *(WORDS, IPV4, IPV6, MAC, TOKENS, HOSTS, NAMES, BEFORE),
    st.sampled_from(
        ["password=", "hostname=", "host: ", "Bearer ", "BOOT_IMAGE=", "cmdline: ", "://", "@", ":/", "/home/"]
    ),
)


@settings(max_examples=600, deadline=None, database=None)
@given(st.lists(PIECES, max_size=8).map("".join))
@example("password=[redacted: address]")
@example("AKIA0000000000000000ghp_000000000000000000000000000000000000")
def test_twice_does_no_more_than_once(text: str) -> None:
    marked, _ = redact(text)
    assert redact(marked) == (marked, {})


@settings(max_examples=300, deadline=None, database=None)
@given(st.text(st.characters(exclude_characters=".:@/=$-"), max_size=300))
def test_a_text_without_any_sign_of_one_is_left_as_it_is(text: str) -> None:
    assert redact(text) == (text, {})
