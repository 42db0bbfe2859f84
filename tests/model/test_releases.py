import pytest

from generator.model.paths import slug
from generator.model.releases import safe_name, version_of

HOSTILE = ["", ".", "..", "a/b", "../../x.tar.gz", "-rf", "$(x).tar.gz", "a b", "a\nb", "\udcff", "x" * 300 + ".tar.xz"]


@pytest.mark.parametrize("name", ["kexec-tools-2.0.31.tar.gz", "k-2.0.tar.sign", "v1.101", "a.b.c.d"])
def test_a_safe_name_stays_as_it_is(name):
    assert safe_name(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_any_other_becomes_one_component_that_needs_no_quotes(name):
    made = safe_name(name)
    assert slug(made) == made
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert made[0] not in ".-"


def test_an_ending_is_kept():
    assert safe_name("k_1.0+dfsg.tar.xz").startswith("k_1-0-dfsg..")
    assert safe_name("k_1.0+dfsg.tar.xz").endswith(".tar.xz")


def test_different_names_stay_different_even_when_one_is_made_to_look_like_the_other():
    names = [*HOSTILE, "a-b", "a?b"]
    made = {safe_name(name) for name in names}
    assert len(made) == len(names)
    assert not made & {safe_name(name) for name in made - set(names)}


@pytest.mark.parametrize(
    ("tag", "version"), [("v2.0.31", "2.0.31"), ("v1.101", "1.101"), ("2.0", "2.0"), ("vmcore", "vmcore"), ("v", "v")]
)
def test_the_version_is_the_tag_without_its_v(tag, version):
    assert version_of(tag) == version
