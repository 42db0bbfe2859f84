"""Nothing that comes from outside acts, and nothing of it is lost."""

import pytest

from generator.render.escape import decode, esc


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 漢", "plain ü 漢"),
        ("<script>&\"'", "&lt;script&gt;&amp;&quot;&#x27;"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("\x00\x07\x1b[31m\x7f\r", "\\x00\\x07\\x1b[31m\\x7f\\x0d"),
        ("\x85\x9b", "\\x85\\x9b"),
        ("\u202eevil\u2066", "\\u{202e}evil\\u{2066}"),
        ("\u200b\ufeff\u2028", "\\u{200b}\\u{feff}\\u{2028}"),
        ("\udcff\udc80", "\\xff\\x80"),
        ("\ud800\ufffe", "\\u{d800}\\u{fffe}"),
        ("\u061c", "\\u{061c}"),
        ("\U000e0041", "\\u{e0041}"),
        ("\U0001fffe\ufdd0", "\\u{1fffe}\\u{fdd0}"),
        ("👩\u200d💻", "👩\\u{200d}💻"),
        ("", ""),
    ],
)
def test_odd_characters_become_visible_and_markup_text(text: str, shown: str) -> None:
    assert esc(text) == shown


def test_everything_can_be_encoded_and_no_control_character_is_left() -> None:
    everything = "".join(map(chr, range(0x110000)))
    page = esc(everything)
    page.encode()
    left = set(page) & {chr(code) for code in (*range(9), *range(11, 32), 0x7F, 0x85, 0x202E, 0x2066, 0xFFFE, 0xFDD0)}
    assert left == set()
    assert set(page) & set("<>\"'") == set()


def test_bytes_of_any_kind_are_text_that_gives_them_back() -> None:
    data = bytes(range(256)) + "ü".encode()
    assert decode(data).encode("utf-8", "surrogateescape") == data
