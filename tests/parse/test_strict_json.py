"""JSON from strangers: what could be read in two ways is not read."""

import pytest

from generator.errors import ParseError
from generator.parse.strict_json import parse_strict_json


def read(text):
    return parse_strict_json(text, source="r.json")


def test_json_is_read():
    assert read('\ufeff{"a": [1, 2.5, null, true, "\\ud83d\\ude00"]}') == {"a": [1, 2.5, None, True, "😀"]}


REFUSED = {
    '{"a": 1, "a": 2}': "'a' is said twice",
    '{"\\u001b[31m": 1, "\\u001b[31m": 2}': "'\\x1b[31m' is said twice",
    "[NaN]": "NaN is no number",
    "[-Infinity]": "-Infinity is no number",
    "[1e999]": "larger than a double",
    "[" + "9" * 30 + "]": "more than 20 digits",
    "[" + "9" * 6000 + "]": "more than 20 digits",
    "[" * 33 + "]" * 33: "deeper than 32",
    "[" * 500_000: "deeper than 32",
    '{"a":' * 500_000: "deeper than 32",
    '["\\ud800"]': "half a surrogate pair",
    "": "is no JSON",
    "[1,]": "is no JSON",
    "{'a': 1}": "is no JSON",
    "[1] 2": "is no JSON",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_two_readers_could_understand_differently_is_refused(text):
    with pytest.raises(ParseError) as caught:
        read(text)
    assert REFUSED[text] in str(caught.value)


def test_a_text_may_be_limited():
    with pytest.raises(ParseError, match="longer than the 1,000 characters"):
        parse_strict_json(" " * 1_001, source="r.json", longest=1_000)


def test_a_complaint_names_its_line():
    with pytest.raises(ParseError) as caught:
        read('{\n"a": 1,\n}')
    assert caught.value.line == 3
