"""Evidence: what is kept of a log is text that nothing acts on, and not more than KCIDB's limit."""

from generator.parse.evidence import LONGEST, excerpt


def test_sequences_and_control_characters_do_not_act():
    assert excerpt("\x1b[31mred\x1b[0m \x1b]0;title\x07ok\r\nnul \x00 bell \x07\n") == "red ok\nnul \ufffd bell \ufffd"


def test_of_a_long_log_the_beginning_and_the_end_are_kept():
    text = excerpt("first\n" + "x" * 1_000_000 + "\nlast")
    assert text.startswith("first\n") and text.endswith("\nlast") and "characters left out" in text
    assert LONGEST - 100 < len(text) <= LONGEST


def test_a_log_of_just_the_limit_is_kept_whole():
    assert excerpt("y" * LONGEST) == "y" * LONGEST
    assert len(excerpt("y" * (LONGEST + 1))) <= LONGEST


def test_unfinished_sequences_take_no_time():
    assert len(excerpt("\x1b]" * 1_000_000)) <= LONGEST
    assert len(excerpt("\x1b[" + "0" * 1_000_000)) <= LONGEST
