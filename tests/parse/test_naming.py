"""Names of foreign formats as ours."""

import pytest

from generator.parse.naming import architecture, place, scenario_path, slug


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        (["kdump", "nfs"], "kdump.nfs"),
        (["kdump.nfs", "save it"], "kdump.nfs.save_it"),
        (["../../etc", "<b>"], "etc.b"),
        (["", " ", "..."], ""),
        (["x" * 500], "x" * 200),
    ],
)
def test_a_path_is_dotted_and_of_kcidbs_alphabet(parts, path):
    assert scenario_path(parts) == path


def test_a_test_lies_in_what_stands_before_its_last_part():
    assert place(["a", "b", "c"]) == ("a.b", "c")
    assert place(["a"]) == ("a", "a")
    assert place(["é"]) == ("unnamed", "é")


def test_architectures_are_as_uname_says_them():
    names = ("amd64", "ppc64el", "s390x", "REDACTED", "")
    assert [architecture(name) for name in names] == ["x86_64", "ppc64le", "s390x", "", ""]


def test_a_slug_is_of_lower_case_letters():
    assert slug(" Client #1 ") == "client-1"
    assert slug("é") == ""
