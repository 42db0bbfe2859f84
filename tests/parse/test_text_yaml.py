"""YAML from strangers: text only, no object is made, and nothing grows."""

import pytest

from generator.errors import ParseError
from generator.parse.text_yaml import Node, parse_text_yaml


def read(text):
    return parse_text_yaml(text, source="r.yaml")


def test_every_scalar_is_text():
    root = read("kernel: 6.10\nquoted: '6.10'\nyes: no\ndate: 2026-11-23\nnone: null\nempty:\nword: 'null'\n")
    assert {key: node.value for key, node in root.value.items()} == {
        "kernel": "6.10",
        "quoted": "6.10",
        "yes": "no",
        "date": "2026-11-23",
        "none": "",
        "empty": "",
        "word": "null",
    }


def test_nodes_know_their_lines():
    assert read("- a\n- b: c\n") == Node(1, [Node(1, "a"), Node(2, {"b": Node(2, "c")})])


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    BOMB: "aliases, anchors and tags are not read",
    "a: !!python/object/apply:os.system [id]": "aliases, anchors and tags are not read",
    "!!python/name:os.system": "aliases, anchors and tags are not read",
    "a: !!binary aGk=": "aliases, anchors and tags are not read",
    "a: {b: 1}\nc:\n  <<: {d: 2}": "a key must be a word",
    "? [a]\n: b": "a key must be a word",
    "a: 1\na: 2": "'a' is said twice",
    "[" * 13 + "]" * 13: "deeper than 12",
    "[" * 1_000_000: "nest",
    "- " * 1_000_000: "nest",
    "[1" + ",1" * 200_001 + "]": "more than 200000 values",
    "#" * (1 << 22) + "#": "longer than",
    "a: 1\n---\nb: 2": "more than one document",
    "": "is empty",
    "# nothing\n": "is empty",
    "a: [": "is no YAML",
    "a: \x00": "is no YAML",
    'a: "\\ud800"': "is no YAML",
    "a: \ud800": "is no YAML",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_runs_grows_or_is_none_is_refused(text):
    with pytest.raises(ParseError) as caught:
        read(text)
    assert REFUSED[text] in str(caught.value)
