from xml.etree import ElementTree

import pytest

from generator.model.commits import Stamp
from generator.render.atom import Entry, atom, instant

NAME = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (-60_000_000_000, "0068-09-03T13:20:00Z"),
        (99_999_999_999, "5138-11-16T09:46:39Z"),
        (10**17, "9999-12-31T23:59:59Z"),
        (-(10**17), "0001-01-01T00:00:00Z"),
    ],
)
def test_moments_are_said_in_utc_with_four_digits_of_year(seconds, text):
    assert instant(Stamp(seconds, "+0530")) == text


def feed(*entries: Entry) -> ElementTree.Element:
    address = "https://portal.example/"
    text = atom(title="t", address=f"{address}x.atom", home=address, author="a", entries=iter(entries))
    return ElementTree.fromstring(text.encode())


def entry(name: str, seconds: int, html: str = "") -> Entry:
    address = f"https://portal.example/{name}"
    return Entry(address=address, title=name, author="a", updated=Stamp(seconds, "+0000"), html=html)


def test_a_feed_is_as_new_as_its_newest_entry():
    root = feed(entry("a", 10), entry("b", 20), entry("c", 0))
    assert root.findtext(f"{NAME}updated") == "1970-01-01T00:00:20Z"


def test_a_feed_without_entries_is_valid_and_has_no_date_of_today():
    assert feed().findtext(f"{NAME}updated") == "1970-01-01T00:00:00Z"


def test_html_content_is_html_again_after_one_unescaping():
    root = feed(entry("a", 0, "<pre>a &lt; b</pre>"))
    content = root.find(f"{NAME}entry/{NAME}content")
    assert (content.get("type"), content.text) == ("html", "<pre>a &lt; b</pre>")
