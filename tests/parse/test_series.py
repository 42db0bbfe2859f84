"""Quilt's series: order, levels, comments; what would apply something else than it shows is refused."""

import pytest

from generator.errors import ParseError
from generator.parse.series import SeriesEntry, parse_series


def test_patches_are_read_in_order_with_their_levels():
    text = "# first\na.patch\n\n  sub/b.patch -p0 # why\nc#1.patch\t-p2\nd.patch -pab\n"
    assert parse_series(text, source="series") == (
        SeriesEntry("a.patch", 1, 2),
        SeriesEntry("sub/b.patch", 0, 4),
        SeriesEntry("c#1.patch", 2, 5),
        SeriesEntry("d.patch", 1, 6),
    )


REFUSED = {
    "a -R\n": (1, "-R is refused"),
    "a\nb --reverse -p1\n": (2, "-R is refused"),
    "a -p\n": (1, "unknown option"),
    "a\n#x\na\n": (3, "stands here twice"),
    "../a\n": (1, "leads out of the folder"),
    "x/../../a\n": (1, "leads out of the folder"),
    "/etc/a\n": (1, "leads out of the folder"),
    "a\0b\n": (1, "leads out of the folder"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_followed_is_refused_with_its_line(text):
    line, problem = REFUSED[text]
    with pytest.raises(ParseError, match=rf"^series:{line}: .*{problem}"):
        parse_series(text, source="series")
