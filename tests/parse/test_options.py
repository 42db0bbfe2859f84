"""Options are read from tables and usage texts as C has them; comments and messages are neither."""

from manual_world import ARCHITECTURE, HEADER, PAGE, PROGRAM

from generator.parse.manual import manual_entries, parse_manual
from generator.parse.options import gather_options, parse_additions, parse_helps, parse_rows


def test_a_row_has_name_argument_letter_line_and_architecture() -> None:
    rows = parse_rows(HEADER, path="src/brew.h")
    assert [(row.name, row.argument, row.short, row.spot.line) for row in rows] == [
        ("help", "no", "h", 5),
        ("leaves", "required", "", 6),
        ("quiet", "no", "", 7),
    ]
    steep, kettle = parse_rows(ARCHITECTURE, path="src/arch/hob/options.h")
    assert (steep.short, steep.argument, steep.spot.architecture) == ("m", "required", "hob")
    assert kettle.spot.line == 5


def test_a_usage_text_is_read_over_its_lines_and_messages_are_not() -> None:
    helps = parse_helps(PROGRAM, path="src/brew.c")
    assert [(said.name, said.short, said.value, said.text) for said in helps] == [
        ("help", "h", "", "Say what there is."),
        ("leaves", "", "FILE", "Take the leaves from FILE."),
        ("quiet", "", "", 'Say "nothing" /* really */.'),
    ]
    assert [said.spot.line for said in helps] == [7, 8, 10]


def test_options_say_where_they_are_accepted_and_whether_the_manual_has_them() -> None:
    rows = parse_rows(HEADER, path="brew.h") + parse_rows(ARCHITECTURE, path="arch/hob/options.h")
    options = {one.name: one for one in gather_options(rows, (), manual_entries(parse_manual(PAGE)))}
    assert sorted(options) == ["help", "kettle", "leaves", "quiet", "steep"]
    assert [name for name, one in options.items() if not one.is_documented] == ["kettle", "quiet"]
    assert (options["steep"].architectures, options["quiet"].architectures) == (("hob",), ("",))


def test_the_first_commit_that_has_a_row_is_the_one_that_added_it() -> None:
    first, second = "a" * 40, "b" * 40
    log = f'commit {first}\n+++ b/x.h\n+\t{{ "help", 0, 0, 1 }}, \\\n-\t{{ "gone", 0, 0, 1 }}, \\\n'
    log += f'commit {second}\n+\t{{ "help", 0, 0, 1 }},\n+\t{{ "late", 0, 0, 1 }},\n'
    assert parse_additions(log) == {"help": first, "late": second}


def test_what_is_no_c_at_all_gives_nothing_and_takes_no_time() -> None:
    assert parse_rows('{ "' * 100_000, path="x.c") == ()
    assert parse_helps('"' + "\\" * 100_001 + '"' * 3, path="x.c") == ()
    assert parse_rows("/*" * 200_000, path="x.c") == ()
