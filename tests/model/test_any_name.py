"""Whatever a repository calls its things, a name is one harmless path component, and no two names share one."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.model.paths import slug, slug_path

# Any bytes, as git gives names: what is no UTF-8 comes as surrogates.
NAMES = st.binary(max_size=200).map(lambda data: data.decode("utf-8", "surrogateescape"))
ODD = st.sampled_from(
    ["", ".", "..", "...", ".git", "~", "~2e", "+", " ", "a b", "a+b", "x.html", "x~2ehtml", "a" * 300]
)


@settings(database=None)
@given(NAMES | ODD)
def test_a_slug_is_one_component_that_leads_nowhere_else(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._~+-]{1,120}", slug(name))
    assert not slug(name).startswith(".")
    assert not slug(name).endswith(".html")


@settings(database=None)
@given(NAMES | ODD, NAMES | ODD)
def test_two_names_have_two_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


@settings(database=None)
@given(NAMES)
def test_a_path_stays_below_its_folder(path: str) -> None:
    assert ".." not in slug_path(path).split("/")
