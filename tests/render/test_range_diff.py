"""A range-diff on a page says each change in text, and nothing of a patch can act."""

import re
from dataclasses import replace

import pytest
from series_world import patches, versions

from generator.relate.range_diff import DoubleLine, Pairing, range_diff
from generator.render.code import Highlighter
from generator.render.range_diff import pairing_rows, range_diff_body


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    repository, ranges = versions(tmp_path_factory.mktemp("series") / "series.git")
    return patches(repository, ranges["v1"]), patches(repository, ranges["v2"])


def body(old, new):
    return range_diff_body(range_diff(old, new), old, new, Highlighter())


def text(html):
    return re.sub("<[^>]*>", "", html)


def test_every_patch_has_a_row_that_says_what_became_of_it(series):
    rows = re.findall("<tr><td.*</tr>", body(*series))
    assert [text(row) for row in rows] == [
        "2! changed1elf: align notesmessage",
        "1= same2main: count the page",
        "3! changed3doc: describe --debugdiff",
        "4&lt; removed–make: optimize",
        "–&gt; added4test: try the notes",
    ]


def test_a_changed_patch_links_to_its_lines(series):
    html = body(*series)
    links = re.findall('href="#(p[0-9]+)"', html)
    assert len(links) == 2
    assert all(f"<details class=file id={link} open>" in html for link in links)


def row(*line):
    pairing = Pairing(old_index=0, new_index=0, verdict="changed", lines=(DoubleLine(*line),))
    return pairing_rows(pairing, Highlighter())


def test_both_marks_are_text_and_so_is_what_the_outer_one_means():
    assert text(row("+", "-", b"int a;")) == "added +-int a;\n"
    assert text(row("-", "+", b"int a;")) == "removed -+int a;\n"
    assert text(row(" ", " ", b"int a;")) == "  int a;\n"
    assert row("+", "+", b"x").startswith("<ins>") and row("-", "+", b"x").startswith("<del>")


def test_heads_messages_and_what_is_left_out_have_rows_too():
    assert text(row(" ", "#", b"main.c")) == " ## main.c\n"
    assert text(row(" ", "@", b"int main(void)")) == " @@ int main(void)\n"
    assert text(row("+", "=", b"Because.")) == "added +  Because.\n"
    assert text(row("…")) == "lines left out …\n"


def test_code_has_the_colours_of_its_file():
    lines = (DoubleLine(" ", "#", b"main.c"), DoubleLine("+", "+", b"\treturn 0;"))
    html = pairing_rows(Pairing(old_index=0, new_index=0, verdict="changed", lines=lines), Highlighter())
    assert "<b>return</b>" in html


def test_nothing_of_a_patch_acts(series):
    evil = "<script>alert(1)</script>\u202e"
    old, new = series
    hostile = [replace(patch, subject=evil, message=evil, name=evil) for patch in new]
    html = body(old, hostile)
    assert "<script" not in html and "\u202e" not in html
    assert evil.encode() not in row("+", "#", evil.encode()).encode()


def test_what_is_too_long_to_compare_says_so(series):
    old, new = series
    pairing = Pairing(old_index=0, new_index=0, verdict="changed", diff_changed=True, too_long=True)
    assert "too long to compare" in range_diff_body([pairing], old, new, Highlighter())


def test_equal_versions_have_a_table_alone(series):
    old, _ = series
    assert "<details" not in body(old, old)
