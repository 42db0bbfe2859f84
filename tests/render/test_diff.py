"""A diff on a page is still the diff: every line is there, once, with its own anchor."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from generator.model.diffs import FileDiff, Hunk
from generator.parse.diff import parse_diff
from generator.render import diff as rendering
from generator.render.code import Highlighter
from generator.render.diff import change_notes, changed_words, diff_lines, file_diff

CASES = Path(__file__).parents[1] / "cases" / "diff"


class Structure(HTMLParser):
    """Collects what a browser would see: rows and their text, ids, links; fails on anything unexpected."""

    ROWS = ("ins", "del", "span")
    INNER = ("a", "u", "b", "i", "kbd", "samp", "var", "mark")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open, self.ids, self.links, self.link_texts, self.rows = [], [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag in (self.INNER if self.open else self.ROWS + self.INNER)
        self.open.append(tag)
        self.ids += [value for name, value in attributes if name == "id"]
        self.links += [value for name, value in attributes if name == "href"]
        assert {name for name, _ in attributes} <= {"id", "class", "href"}
        # An unchanged line has no element of its own: it begins with the link of its number.
        if len(self.open) == 1 and tag in (*self.ROWS, "a"):
            self.rows.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["a"]:
            self.link_texts.append(data.strip())
        elif self.open[-1:] != ["u"]:
            self.rows[-1] += data


def make(*lines, path=b"a.c", old=((1, 9),), new=(1, 9), heading=b"", **fields):
    values = {"old_mode": "100644", "new_mode": "100644", "old_blob": "", "new_blob": "", "status": "M"}
    values |= {"path": path, "old_path": path, **fields}
    return FileDiff(hunks=(Hunk(old, new, heading, lines),) if lines else (), **values)


def rendered(diff, *, old=None, new=None, number=1):
    return file_diff(diff, number, old=old, new=new, highlighter=Highlighter())


def row_of(html, text):
    """Return the one row's HTML that holds `text`."""
    (row,) = [row for row in re.findall(r"<(?:ins|del|span) .*?\n</(?:ins|del|span)>|<a id=.*\n", html) if text in row]
    return row


def contents(case):
    return [file.read_bytes() if file.exists() else None for file in (case / "old.c", case / "new.c")]


@pytest.mark.parametrize("name", ["change", "merge"])
def test_a_diff_becomes_the_expected_rows(name):
    case = CASES / name
    ((diff,), _) = parse_diff((case / "input.diff").read_bytes(), source=name)
    old, new = contents(case)
    assert rendered(diff, old=old, new=new) == (case / "expected.html").read_text()


@pytest.mark.parametrize("name", ["change", "merge"])
def test_the_text_of_the_rows_is_the_diff_and_each_row_links_to_itself(name):
    data = (CASES / name / "input.diff").read_text()
    ((diff,), _) = parse_diff(data.encode(), source=name)
    page = Structure(rendered(diff))
    assert "".join(page.rows) == data[data.index("@@") :]
    assert len(page.rows) == diff_lines(diff)
    assert len(set(page.ids)) == len(page.ids)
    assert page.links == [f"#{name}" for name in page.ids if "h" not in name]
    assert all(page.link_texts)


def test_a_hunk_that_begins_inside_a_block_comment_is_a_comment():
    content = b"/* begins\n" + b" * more\n" * 9 + b" * if (x) return 1;\n * last */\nint x;\n"
    diff = make(b"  * if (x) return 1;", b"-int y;", b"+int x;", old=((11, 2),), new=(11, 2))
    html = rendered(diff, new=content, old=content)
    assert "<i> * if (x) return 1;</i>" in html
    assert "<b>if</b>" in rendered(diff, new=content.replace(b"/*", b"**"), old=content)


def test_each_side_has_the_state_of_its_own_file():
    old, new = b"/*\nif (x)\n*/\n", b"\nif (x)\n\n"
    diff = make(b"-/*", b"+", b" if (x)", b"-*/", b"+", b" if (y)", old=((1, 4),), new=(1, 4))
    html = rendered(diff, old=old, new=new)
    assert "<i>/*</i>" in html and "<i>*/</i>" in html
    assert html.count("<b>if</b>") == 2


def test_without_the_files_a_lone_closer_tells_that_a_comment_was_open():
    html = rendered(make(b"  * tail", b"  */", b"+int x;"))
    assert "<i> * tail</i>" in html and "<i> */</i>" in html and "<var>int</var> x;" in html


def test_the_words_that_changed_are_marked_over_the_colours():
    html = rendered(make(b"-int old_size = 12; /* a */", b"+int new_size = 13; /* a */"))
    assert "<mark>old_size</mark> = <mark><i class=n>12</i></mark>; <i>/* a */</i>" in row_of(html, "<del")
    assert "<mark>new_size</mark> = <mark><i class=n>13</i></mark>; <i>/* a */</i>" in row_of(html, "<ins")
    assert row_of(rendered(make(b"-/* one two */", b"+/* one three */")), "<ins").endswith(
        "+<i>/* one </i><mark><i>three</i></mark><i> */</i>\n</ins>"
    )


def test_lines_that_have_little_in_common_are_not_marked():
    assert "<mark>" not in rendered(make(b"-return load(image, size);", b"+for (;;) {"))
    assert changed_words("", "") is None
    assert changed_words("   ", "\t") is None
    assert changed_words("x" * 500, "x" * 499 + "y") is None


def test_a_changed_line_is_found_among_more_added_ones():
    html = rendered(make(b"-foo(a, b);", b"+if (!bar)", b"+\treturn;", b"+foo(a, b, c);"))
    assert "(a, b<mark>, c</mark>);" in html


def test_changed_words_gives_offsets_in_each_line():
    assert changed_words("return foo(a);", "\treturn foo(bar);") == ([(11, 12)], [(0, 1), (12, 15)])
    assert changed_words("} else {", "} else if (x) {") == ([], [(7, 14)])


def test_comparing_words_stops_at_the_limits(monkeypatch):
    lines = [b"-int a%d = 1;" % n for n in range(50)] + [b"+int a%d = 2;" % n for n in range(50)]
    assert rendered(make(*lines)).count("<mark>") == 100
    monkeypatch.setattr(rendering, "WORD_PAIRS_PER_RUN", 30)
    assert rendered(make(*lines)).count("<mark>") == 60
    monkeypatch.setattr(rendering, "WORD_PAIRS_PER_FILE", 10)
    assert rendered(make(*lines)).count("<mark>") == 20


def test_a_missing_newline_and_a_carriage_return_are_shown():
    marker = b"\\ No newline at end of file"
    html = rendered(make(b"-int x;\r", marker, b"+int x;", marker))
    assert html.count("<span class=e>\\ No newline at end of file\n</span>") == 2
    assert "x;<mark>\\x0d</mark>\n</del>" in html


def test_a_merge_says_in_words_which_parent_a_line_is_new_to():
    diff = make(b"++both", b" +second", b"- first gone", b"  kept", old=((1, 2), (1, 1)), new=(1, 3), path=b"a")
    html = rendered(diff, number=7)
    assert row_of(html, "both") == "<ins id=7R1><a href=#7R1>1</a><u>added to parent 1, 2 </u>++both\n</ins>"
    assert "<u>added to parent 2 </u> +second" in html
    assert row_of(html, "gone") == "<del id=7L1><a href=#7L1>·</a><u>removed from parent 1 </u>- first gone\n</del>"
    assert row_of(html, "kept") == "<a id=7R3 href=#7R3>3</a>  kept\n"


HOSTILE = b"</ins></pre><script>alert('1')</script><a href=javascript:x id=1R1>&amp; \x00\x1b\xff\r\xe2\x80\xae"


@pytest.mark.parametrize("path", [b"a.c", b"a.txt", b"a.html", b"a.S", b"a.py", b"x\" onload='<b>.sh"])
def test_nothing_in_a_diff_becomes_markup(path):
    lines = [mark + HOSTILE + tail for tail in (b"", b" /*", b"'''") for mark in (b" ", b"-", b"+")]
    page = Structure(rendered(make(*lines, path=path, heading=HOSTILE)))
    assert all("<script>alert('1')</script>" in row for row in page.rows)
    merge = make(b"++" + HOSTILE, b"\\ " + HOSTILE, old=((1, 0), (1, 0)), new=(1, 1), path=path, heading=HOSTILE)
    assert len(Structure(rendered(merge)).rows) == 3
    notes = change_notes(make(status="R", path=path, old_path=HOSTILE, old_mode="<u>", similarity=9))
    assert not any("<" in note for note in notes)


def test_a_long_file_of_removed_lines_takes_linear_time():
    count = 60_000  # quadratic would be minutes
    lines = [b"-x"] * count
    assert rendered(make(*lines, old=((1, count),), new=(0, 0), path=b"a")).count("<del") == count


NOTES = [
    (make(b"+x"), ()),
    (make(status="A", old_mode=""), ("new file, mode 100644", "empty file")),
    (make(b"-x", status="D", new_mode=""), ("deleted file, mode 100644",)),
    (make(new_mode="100755"), ("mode 100644 → 100755", "content unchanged")),
    (
        make(status="R", old_path=b"o<l>d", similarity=100),
        ("renamed from o&lt;l&gt;d, 100 % alike", "content unchanged"),
    ),
    (make(b"+x", status="C", old_path=b"old\xff", similarity=97), ("copied from old\\xff, 97 % alike",)),
    (
        make(b"+to", status="A", old_mode="", new_mode="120000"),
        ("new file, mode 120000", "symbolic link: its content is where it points to"),
    ),
    (
        make(
            b"-Subproject commit " + b"1" * 40,
            b"+Subproject commit " + b"2" * 40,
            old_mode="160000",
            new_mode="160000",
        ),
        (f"submodule commit {'1' * 40} → {'2' * 40}",),
    ),
    (make(b"+<b>", old_mode="160000", new_mode="160000"), ("submodule",)),
    (make(binary=True), ("binary file",)),
    (
        make(b"+++x", old=((1, 0), (1, 0)), old_mode="100644,100755", new_mode="100755"),
        ("mode 100644, 100755 → 100755",),
    ),
]


@pytest.mark.parametrize(("diff", "notes"), NOTES, ids=range(len(NOTES)))
def test_what_happened_beside_the_lines_is_said_in_words(diff, notes):
    assert change_notes(diff) == notes


def test_a_binary_file_has_its_sizes_where_they_are_known():
    assert change_notes(make(binary=True), old=b"1234" * 500, new=b"") == ("binary file, 2,000 bytes → 0 bytes",)
    assert change_notes(make(binary=True), new=b"1") == ("binary file",)
    added = make(binary=True, status="A", old_mode="")
    assert change_notes(added, new=b"12") == ("new file, mode 100644", "binary file, 2 bytes")


def test_a_submodule_is_not_taken_for_code():
    diff = make(b"+Subproject commit " + b"1" * 40, path=b"module.c", new_mode="160000")
    assert "<i class" not in rendered(diff)


def test_a_file_without_hunks_has_no_rows():
    assert rendered(make()) == ""
    assert diff_lines(make()) == 0
