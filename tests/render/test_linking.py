"""Links are added where a reader would follow them, and nowhere else."""

from generator.model.references import Group, LinkResult, Parameter, Term
from generator.render.linking import add_links, known
from generator.render.references import fill_in

HEAT = Parameter(names=("heat=DEGREES",), meaning="how `hot`", since="1", source="m", url="https://e", page="", line=1)
LID = Parameter(names=("kernel.lid",), meaning="a | b", since="", source="m", url="https://e", page="x.md", line=1)
GROUP = Group(key="first", items=(HEAT, LID))
NMI = Term(term="NMI", abbreviation="NMI", expansion='non-maskable "interrupt"', meaning="It cannot be masked.")
DEAD = LinkResult(url="https://example.org/a?b&c", state="dead", checked="2026-11-26", status=404)
LOST = LinkResult(url="https://example.org/lost", state="unreachable", checked="2026-11-26")
PAGES = {"parameters": "docs/parameters/index.html", "glossary": "docs/glossary/index.html"}
KNOWN = known([GROUP], [NMI], [DEAD, LOST], **PAGES)
HEAT_LINK = '<a class="known" href="../parameters/#heat-degrees"><code>heat=90</code></a>'


def linked(html: str, here: str = "docs/tea/index.html") -> str:
    return add_links(html, here, KNOWN)


def test_code_that_names_something_known_leads_there_once_in_a_section() -> None:
    html = "<h2>One</h2><p><code>heat=90</code> <code>heat=80</code></p><h3>Two</h3><p><code>heat=90</code></p>"
    assert linked(html) == html.replace("<code>heat=90</code>", HEAT_LINK)


def test_sysctls_are_known_by_their_file_and_with_a_value() -> None:
    for text in ("kernel.lid", "kernel.lid=1", "/proc/sys/kernel/lid"):
        assert 'href="../parameters/#kernel-lid"' in linked(f"<p><code>{text}</code></p>")


def test_headings_links_and_blocks_of_code_stay_as_they_are() -> None:
    for html in (
        "<h2><code>heat=90</code> NMI</h2>",
        '<p><a href="x"><code>heat=90</code> NMI</a></p>',
        '<div class="hl"><pre><span></span><code>heat=90 NMI</code></pre></div>',
        "<p><code>heat</code><code>cold=90</code> NMIs NMI-like /NMI</p>",
        "<!-- NMI --><img alt='NMI <code>heat=90</code>'>",
    ):
        expected = html if "cold" not in html else html.replace("<code>heat</code>", linked("<code>heat</code>"))
        assert linked(html) == expected


def test_an_abbreviation_is_explained_once_on_a_page_and_can_be_reached_by_keyboard() -> None:
    assert linked("<p>An NMI, and an NMI.</p>") == (
        '<p>An <a class="term" href="../glossary/#nmi"><abbr title="non-maskable &quot;interrupt&quot;">NMI</abbr></a>'
        ", and an NMI.</p>"
    )


def test_a_page_does_not_link_to_itself() -> None:
    html = "<p><code>heat=90</code></p>"
    assert add_links(html, "docs/parameters/index.html", KNOWN) == html
    assert add_links("<p>NMI</p>", "docs/glossary/index.html", KNOWN) == "<p>NMI</p>"


def test_a_dead_link_is_shown_as_dead_and_an_unreachable_one_is_not() -> None:
    shown = linked('<p><a href="https://example.org/a?b&amp;c">A</a> <a href="https://example.org/lost">B</a></p>')
    assert '<a class="dead" href="https://example.org/a?b&amp;c">A</a>' in shown
    assert "(did not answer on 2026-11-26)" in shown
    assert '<a href="https://example.org/lost">B</a></p>' in shown


def test_broken_html_comes_back_as_it_was() -> None:
    for html in ("<p", "a < b", "</a></code><code>", "<code>heat=90", "<a <b>", "<" * 5000):
        assert linked(html) == html


def test_lists_are_filled_in_where_a_page_asks_for_them() -> None:
    filled = fill_in("Before\n\n<!-- parameters: first -->\n\n<!-- glossary -->\n", {"first": GROUP}, [NMI])
    assert "| [`heat=DEGREES`](#heat-degrees){: #heat-degrees } | how `hot`<br>" in filled
    assert "a \\| b · [more](x.md)" in filled
    assert "## M to P\n\nNMI {: #nmi }\n:   Non-maskable" in filled
