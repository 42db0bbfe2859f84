import pytest
from carried_world import carried

from generator.model.patches import Target
from generator.relate.targets import tag_of_version, with_tag

TAGS = ("v2.0.25", "v2.0.25-rc1", "v2.0.3", "1.7.2", "crash-8.0.2", "8.0.2", "thing_1_101", "v20080324")


@pytest.mark.parametrize(
    ("version", "package", "tag"),
    [
        ("2.0.25", "kexec-tools", "v2.0.25"),
        ("2.0.25~rc1", "kexec-tools", "v2.0.25-rc1"),
        ("2.0", "kexec-tools", ""),
        ("1.7.2", "makedumpfile", "1.7.2"),
        ("8.0.2", "crash", "8.0.2"),
        ("1.101", "thing", "thing_1_101"),
        ("20080324", "kexec-tools", "v20080324"),
        ("", "kexec-tools", ""),
    ],
)
def test_only_the_same_version_is_the_tag(version: str, package: str, tag: str) -> None:
    assert tag_of_version(version, package, TAGS) == tag


def test_the_source_is_the_one_that_is_called_like_the_package() -> None:
    made = carried(target=Target(source="", tag="", package="crash", version="8.0.2"))
    assert with_tag(made, {"crash": TAGS}).target == Target(
        source="crash", tag="8.0.2", package="crash", version="8.0.2"
    )
    assert with_tag(made, {"other": TAGS}).target.source == ""
    named = carried(target=Target(source="crash", tag="mine", package="crash", version="8.0.2"))
    assert with_tag(named, {"crash": TAGS}).target.tag == "mine"
