"""Highlighting may never lose, add or let through anything: the text below the tags is the file's."""

import random
import re
from pathlib import Path

import pytest

from generator.render import code
from generator.render.code import (
    NAMES,
    SUFFIXES,
    Highlighter,
    guessed_state,
    html_of,
    language_of,
    states_at,
)
from generator.render.escape import decode, esc_text

CASES = Path(__file__).parents[1] / "cases" / "code"
TAG_RE = re.compile(r"</?(?:b|i|kbd|samp|var)>|<i class=[nf]>")
HOSTILE = [
    b"</code></pre><script>alert(1)</script>",
    b"\"unterminated ' and ` and \\",
    b"/* open",
    b"*/ closed */ /*/ /**/ */*",
    b'"""',
    b"'''",
    b"<!-- --> <!--",
    b"#if 0 \\",
    b"<<EOF ${x} $(y `z`",
    b"\x00\x01\x1b[31m\x7f\r",
    b"\xff\xfe\x80 \xe2\x80\xae \xf0\x9f\x98\x80",
    b"\t \x0b\x0c\t",
    b"%{ r#\" f'{x}' @@ ]]> {{ {% *foo* [a](b)",
    b"",
    b"x" * 5000,
    b"((((((((((" * 199,
]


@pytest.fixture
def highlighter():
    return Highlighter()


def case_names():
    return sorted(folder.name for folder in CASES.iterdir())


@pytest.mark.parametrize("case", case_names())
def test_a_file_of_each_kind_is_highlighted_as_expected(highlighter, case):
    (source,) = [file for file in (CASES / case).iterdir() if file.name != "expected.html"]
    lines = highlighter.file(source.read_bytes(), source.name.encode())
    assert "".join(f"{line}\n" for line in lines) == (CASES / case / "expected.html").read_text()


@pytest.mark.parametrize("name", [*NAMES, *(f"x.{suffix}" for suffix in SUFFIXES), "unknown", "x.unknown"])
def test_whatever_the_lines_the_text_stays_and_only_our_tags_are_added(highlighter, name):
    chance = random.Random(name)
    lines = [line for _ in range(4) for line in chance.sample(HOSTILE, len(HOSTILE))]
    found = highlighter.file(b"\n".join(lines) + b"\n", name.encode())
    assert [TAG_RE.sub("", line) for line in found] == [esc_text(decode(line)) for line in lines]
    assert all(line.count("<i") == line.count("</i>") for line in found)
    assert all(line.count("<b>") == line.count("</b>") for line in found)


PIECES = [
    b"/*",
    b"*/",
    b"/",
    b"*",
    b"//",
    b'"',
    b"'",
    b"\\",
    b"\n",
    b"\n",
    b"x",
    b'"""',
    b"`",
    b"<!--",
    b"-->",
    b"#",
]


@pytest.mark.parametrize("name", [b"a.c", b"a.S", b"a.xml"])
@pytest.mark.parametrize("seed", range(5))
def test_the_state_at_any_line_is_the_one_reached_line_by_line(highlighter, name, seed):
    chance = random.Random(seed)
    language = language_of(name)
    for _ in range(60):
        # No backslash: whether it joins lines inside a string is what the two ways may see differently.
        data = b"".join(chance.choices([piece for piece in PIECES if piece != b"\\"], k=60))
        expected = [b""]
        for line in data.split(b"\n"):
            expected.append(highlighter.line(language, line, expected[-1]).after)
        numbers = sorted(chance.sample(range(1, len(expected)), min(4, len(expected) - 1)))
        assert states_at(language, data, numbers) == [expected[number - 1] for number in numbers]


def test_the_state_is_right_far_down_in_a_long_file():
    inside = b"int x;\n" * 5000 + b"/* open\n" + b" * more\n" * 5000 + b" */\n" + b"int y;\n" * 10
    numbers = [1, 5001, 5002, 10001, 10002, 10003, 99999]
    assert states_at(language_of(b"a.c"), inside, numbers) == [b"", b"", b"/*", b"/*", b"/*", b"", b""]


def test_what_looks_like_a_comment_in_a_string_opens_nothing():
    data = b'char *a = "/*";\nchar b = \'"\', *c = "\\"/*"; // /*\nint d;\n'
    assert states_at(language_of(b"a.c"), data, [1, 2, 3]) == [b"", b"", b""]


def test_a_triple_quoted_string_is_known_from_the_file():
    data = b"x = '''\n\"\"\"\n'''\ny = 1\n"
    assert states_at(language_of(b"a.py"), data, [2, 3, 4]) == [b"'''", b"'''", b""]


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([b" * tail", b" */", b"int x;"], b"/*"),
        ([b"int x; /* a */"], b""),
        ([b"int x;", b"/* open"], b""),
        ([b"*/ /* */"], b"/*"),
        ([], b""),
    ],
)
def test_without_the_file_a_closer_with_no_opener_tells_what_was_open(lines, state):
    assert guessed_state(language_of(b"a.c"), lines) == state
    assert guessed_state(language_of(b"a.txt"), lines) == b""


def test_a_line_is_lexed_once_and_the_memory_is_bounded(highlighter, monkeypatch):
    language = language_of(b"a.c")
    first = highlighter.line(language, b"int x;")
    assert highlighter.line(language, b"int x;") is first
    assert highlighter.line(language, b"int x;", b"/*").html == "<i>int x;</i>"
    monkeypatch.setattr(code, "MEMO_LINES", 10)
    for number in range(50):
        highlighter.line(language, b"%d" % number)
    assert len(highlighter._memo) <= 10
    assert highlighter.line(language, b"int x;").html == first.html


def test_a_line_beyond_the_limit_is_escaped_only_but_still_opens_and_closes(highlighter):
    language = language_of(b"a.c")
    long = b"int <" * 1000
    assert highlighter.line(language, long).html == esc_text(long.decode())
    assert highlighter.line(language, long + b"/* x").after == b"/*"
    assert highlighter.line(language, long + b"*/ int", b"/*").html.endswith("*/</i> <var>int</var>")


@pytest.mark.parametrize("name", [f"x.{suffix}" for suffix in ("c", "dts", "java", "mk", "service", "sh", "spec")])
def test_a_line_made_to_be_slow_is_not(highlighter, name):
    for piece in (b" ", b"a,", b"0x", b"\t", b"(", b'"'):
        line = b"a " + piece * (998 // len(piece))
        assert highlighter.line(language_of(name.encode()), line).runs  # cubic time would be minutes


def test_a_file_is_known_by_its_name_alone():
    c = language_of(b"a.c")
    assert language_of(b"x/y/\xff b.h") is c
    assert language_of(b"config.h.in") is c
    assert language_of(b"configure.ac") is not language_of(b"configure")
    assert language_of(b"a.c/README").lexer is None
    assert language_of(b"c").lexer is None


def test_an_empty_file_has_no_lines_and_a_last_line_may_lack_its_newline(highlighter):
    assert highlighter.file(b"", b"a.c") == ()
    assert highlighter.file(b"\n", b"a.c") == ("",)
    assert highlighter.file(b"a\n\nb", b"a") == ("a", "", "b")


def test_runs_are_escaped_where_they_become_html():
    assert html_of([("", "<"), ("keyword", "&"), ("string", '"')]) == '&lt;<b>&amp;</b><samp>"</samp>'
