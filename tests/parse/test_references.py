"""Reference data is read with its lines; ids are unique, and what is missing is named."""

import pytest

from generator.errors import ParseError
from generator.parse.references import parse_glossary, parse_links, parse_parameters

PARAMETERS = """sources:
  the manual: https://example.org/manual
groups:
  first:
    title: First
    items:
    - name: heat=DEGREES
      meaning: how `hot`
      since: 1.0
      source: the manual
    - name: /sys/pot/lid, steam
      meaning: open or not
      source: the manual
      page: pot.md#lid
"""


def test_parameters_have_names_address_and_anchors() -> None:
    (group,) = parse_parameters(PARAMETERS, source="p.yml")
    heat, lid = group.items
    assert (heat.since, heat.url, heat.anchors) == ("1.0", "https://example.org/manual", ("heat-degrees",))
    assert lid.names == ("/sys/pot/lid", "/sys/pot/steam")
    assert (lid.since, lid.page, lid.line) == ("", "pot.md#lid", 11)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("source: the manual\n    -", "source: hearsay\n    -", "p.yml:7: 'hearsay' is not in `sources`"),
        ("name: /sys/pot/lid, steam", "name: heat degrees", "p.yml:11: the id 'heat-degrees' is taken in line 7"),
        ("      meaning: how `hot`\n", "", "p.yml:7: `meaning:` is missing"),
        ("since: 1.0", "snice: 1.0", "p.yml:9: `snice` is no key here"),
        ("groups:", "group:", "p.yml:1: `groups:` is missing"),
    ],
)
def test_what_is_wrong_with_parameters_is_named_by_its_line(old: str, new: str, complaint: str) -> None:
    with pytest.raises(ParseError) as problem:
        parse_parameters(PARAMETERS.replace(old, new), source="p.yml")
    assert str(problem.value).startswith(complaint)


def test_a_glossary_has_each_term_once_and_abbreviations_with_their_expansion() -> None:
    term, other = parse_glossary(
        "terms:\n- term: NMI\n  abbreviation: NMI\n  expansion: non-maskable interrupt\n  meaning: an interrupt\n"
        "- term: oops\n  meaning: a fault\n",
        source="g.yml",
    )
    assert (term.anchor, term.expansion, other.abbreviation) == ("nmi", "non-maskable interrupt", "")
    with pytest.raises(ParseError, match=r"g\.yml:4: 'OOPS' is there twice"):
        parse_glossary("terms:\n- term: oops\n  meaning: a\n- term: OOPS\n  meaning: b\n", source="g.yml")
    with pytest.raises(ParseError, match="go together"):
        parse_glossary("terms:\n- term: a\n  abbreviation: a\n  meaning: b\n", source="g.yml")


def test_links_have_a_state_and_a_day() -> None:
    links = parse_links(
        "links:\n  https://example.org/a:\n    state: dead\n    checked: 2026-11-26\n    status: 404\n", source="l.yml"
    )
    assert links["https://example.org/a"].status == 404
    assert parse_links("links:\n", source="l.yml") == {}
    for wrong in ("state: gone\n    checked: 2026-11-26", "state: ok\n    checked: today", "state: ok"):
        with pytest.raises(ParseError):
            parse_links(f"links:\n  https://example.org/a:\n    {wrong}\n", source="l.yml")
