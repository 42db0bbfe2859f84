"""Whatever comes, a parser reads it or refuses it as an error of the user's, soon, and never breaks."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import PARSERS

TOKENS = [b"", b"\0", b"\n", b"\r\n", b"\xff\xfe", b"\xe2\x80\xae", b"<", b"&", b"]]>", b"---", b"@@ -1 +1 @@", b"+++ ",
          b"9" * 40, b"-1", b"1e999", b"NaN", b"{" * 50, b"[" * 50, b"\\u0000", b"From ", b" " * 200, b"# SKIP",
          b"..", b"/../", b"%", b"\t", b'"', b"'", b"1..999999999", b"!!python/object", b"&a *a",
          b"<!DOCTYPE x ["]  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A real input with a few pieces cut out, doubled, exchanged, or put in."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 80)))
        piece = draw(st.sampled_from([*TOKENS, data[start:end] * 2]) | st.binary(max_size=8))
        data = data[:start] + piece + data[end:]
    return data


@pytest.mark.parametrize("name", PARSERS)
def test_real_input_is_read(name: str) -> None:
    for seed in PARSERS[name].seeds:
        PARSERS[name].read(seed)


@pytest.mark.parametrize("name", PARSERS)
def test_nothing_breaks_a_parser(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=120, deadline=2000, database=None, suppress_health_check=list(HealthCheck))
    @given(changed(parser.seeds) | st.binary(max_size=200))
    def tried(data: bytes) -> None:
        parser.try_out(data)

    tried()
