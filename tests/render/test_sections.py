"""Search knows a page by its parts."""

from generator.render.sections import sections


def test_a_page_is_cut_at_the_headings_that_can_be_linked_to() -> None:
    html = (
        '<h1>A</h1><p>Lead &amp; more</p><h2 id="one"><a href="#one">One <code>x</code></a></h2><p>First</p><h4>n</h4>'
    )
    assert sections(html) == (("", "", "A Lead & more"), ("one", "One x", "First n"))


def test_a_page_without_headings_is_one_part_and_nothing_is_none() -> None:
    assert sections("<p>Text</p>") == (("", "", "Text"),)
    assert sections("") == ()
