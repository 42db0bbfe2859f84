"""A manual page is read as blocks; what is no known macro is left out, and nothing is lost of the words."""

from manual_world import PAGE

from generator.model.manuals import Item, Paragraph
from generator.parse.manual import manual_entries, parse_manual


def words(block: Paragraph) -> str:
    return "".join(span.text for span in block.spans)


def test_sections_paragraphs_and_fonts() -> None:
    manual = parse_manual(PAGE)
    assert manual.title == "brew(8)"
    assert [section.name for section in manual.sections] == ["NAME", "DESCRIPTION", "OPTIONS", "KINDS"]
    first, second = manual.sections[1].blocks
    assert words(first) == "brew boils water, see pot(8), and waits."
    assert [(span.text, span.font) for span in second.spans][1] == ("words", "i")


def test_items_have_their_tag_and_all_their_paragraphs() -> None:
    help_item, leaves = parse_manual(PAGE).sections[2].blocks
    assert isinstance(leaves, Item)
    assert "".join(span.text for span in help_item.tag) == "-h (--help)"
    assert [words(part) for part in leaves.body] == ["Take the leaves from file.", "Fresh ones are better."]


def test_the_options_of_a_page_have_letter_value_and_heading() -> None:
    entries = manual_entries(parse_manual(PAGE))
    assert [(one.name, one.short, one.value, one.heading) for one in entries] == [
        ("help", "h", "", "OPTIONS"),
        ("leaves", "", "file", "OPTIONS"),
        ("steep", "", "minutes", "green"),
    ]
    assert PAGE.splitlines()[entries[1].line - 1].startswith(".BI")


def test_a_page_of_nonsense_gives_an_empty_manual() -> None:
    assert parse_manual("").sections == ()
    assert parse_manual('.TP\n.TP\n.RE\n.RE\n.B "\n\\\n.').title == ""
