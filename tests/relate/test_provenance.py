"""Each patch is traced to upstream, to who else carries it, and to what took its place."""

import random
from dataclasses import replace

import pytest
from series_world import ELF, branch, collection, edited, index, patches, versions
from world import Repository

from generator.model.patches import Provenance, Target
from generator.relate.provenance import carried_commits, is_upstream, trace, version_order

NOTE = ("total_note += note->sizes[i];", "total_note += align_up(note->sizes[i], 4);")
OTHER = Target(source="crash", tag="", package="crash", version="8")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return the index of upstream, and a fix that it has and one that it has not."""
    repository = Repository(tmp_path_factory.mktemp("trace") / "upstream.git")
    base = repository.commit("base", {"elf.c": ELF})
    fixed = edited(ELF, NOTE)
    repository.commit("elf: align notes", {"elf.c": fixed})
    upstream = repository.head
    local = edited(fixed, ("return total_phdr;", "return total_phdr + local_size();"))
    head = branch(repository, base, [("elf: align notes", {"elf.c": fixed}), ("local: add", {"elf.c": local})])
    found = index(repository, upstream)
    fix, own = patches(repository, f"{base}..{head}")
    return {"kexec": found}, replace(fix, name="fix.patch"), replace(own, name="own.patch"), upstream


def test_a_patch_that_upstream_has_is_traced_to_its_commit_and_first_release(world):
    indexes, fix, own, commit = world
    facts = trace([collection("debian-1", [fix, own])], indexes)
    found = facts["debian-1", "fix.patch"]
    assert (found.provenance.verdict, found.provenance.source, found.provenance.sha) == ("equal", "kexec", commit)
    assert found.provenance.first_tag == "tag of elf: align notes"
    assert len(found.patch_id) == 40
    assert facts["debian-1", "own.patch"].provenance == Provenance(verdict="none")


def test_who_else_carries_it_is_said_of_both(world):
    indexes, fix, own, commit = world
    facts = trace(
        [collection("debian-1", [fix, own]), collection("fedora", [replace(fix, name="0001.patch")])], indexes
    )
    assert facts["debian-1", "fix.patch"].provenance.carried_by == (("fedora", "0001.patch"),)
    assert facts["fedora", "0001.patch"].provenance.carried_by == (("debian-1", "fix.patch"),)
    assert facts["debian-1", "own.patch"].provenance.carried_by == ()
    assert carried_commits(facts) == {("kexec", commit): (("debian-1", "fix.patch"), ("fedora", "0001.patch"))}


def test_forwarded_is_what_the_patch_says(world):
    indexes, _, own, _ = world
    said = replace(own, headers=(("forwarded", "https://example.org/1"),))
    facts = trace([collection("debian-1", [said])], indexes)
    assert facts["debian-1", "own.patch"].provenance.forwarded == "https://example.org/1"


def test_other_sources_count_for_equal_patches_alone(world):
    indexes, fix, _, _ = world
    near = replace(fix, files=tuple(replace(file, new_mode="100755", old_mode="100644") for file in fix.files))
    crash = collection("crash-1", [fix, replace(near, name="near.patch")], target=OTHER)
    facts = trace([crash], {**indexes, "crash": replace_source(indexes["kexec"])})
    assert facts["crash-1", "fix.patch"].provenance.source == "kexec"
    assert facts["crash-1", "near.patch"].provenance.verdict == "none"
    unknown = collection("any", [near], target=replace(OTHER, source=""))
    assert trace([unknown], indexes)["any", "fix.patch"].provenance.verdict == "subject"


def replace_source(found):
    """Return an index without commits."""
    return type(found)("crash", (), {}, ())


def test_a_letter_and_an_unreadable_patch_have_no_facts(world):
    indexes, fix, _, _ = world
    assert trace([collection("debian-1", [replace(fix, files=())])], indexes) == {}


def test_a_later_version_of_the_series_takes_a_patchs_place(tmp_path):
    repository, ranges = versions(tmp_path / "series.git")
    held = [
        replace(patch, name=f"v{number}-{patch.name}", version=number)
        for number in (1, 2, 3)
        for patch in patches(repository, ranges[f"v{number}"])
    ]
    facts = trace([collection("series", held, kind="series")], {})
    replaced = {name: found.superseded_by for (_, name), found in facts.items()}
    assert replaced["v1-0001.patch"] == ("series", "v3-0002.patch")
    assert replaced["v2-0004.patch"] == ("series", "v3-0003.patch")
    assert replaced["v1-0004.patch"] == ("series", "")
    assert replaced["v3-0001.patch"] == ("", "")


def test_a_newer_release_of_the_package_drops_or_refreshes_a_patch(world):
    indexes, fix, own, _ = world
    fresh = replace(own, files=tuple(replace(file, new_mode="100755", old_mode="100644") for file in own.files))
    facts = trace(
        [
            collection("debian-kexec-tools-2.0.9-1", [fix, own], distribution="Debian 9"),
            collection("debian-kexec-tools-2.0.25-3", [own], distribution="Debian 12"),
            collection("debian-kexec-tools-2.0.29-1", [fresh], distribution="Debian 13"),
            collection("fedora-kexec-tools-2.0.30", [], distribution="Fedora"),
        ],
        indexes,
    )
    replaced = {key: found.superseded_by for key, found in facts.items()}
    assert replaced["debian-kexec-tools-2.0.9-1", "fix.patch"] == ("debian-kexec-tools-2.0.25-3", "")
    assert replaced["debian-kexec-tools-2.0.9-1", "own.patch"] == ("debian-kexec-tools-2.0.29-1", "own.patch")
    assert replaced["debian-kexec-tools-2.0.29-1", "own.patch"] == ("", "")


def test_a_release_that_dropped_all_its_patches_dropped_each(world):
    indexes, fix, _, _ = world
    held = [collection("debian-kexec-tools-1", [fix]), collection("debian-kexec-tools-2", [])]
    assert trace(held, indexes)["debian-kexec-tools-1", "fix.patch"].superseded_by == ("debian-kexec-tools-2", "")


@pytest.mark.parametrize(
    ("verdict", "share", "answer"),
    [("equal", 1, True), ("subject", 0.6, True), ("subject", 0.2, False), ("near", 0.95, True), ("near", 0.7, False),
     ("none", 0, False)],
)  # fmt: skip
def test_upstream_is_said_of_what_is_there_by_all_appearance(verdict, share, answer):
    assert is_upstream(Provenance(verdict=verdict, share=share)) is answer


def test_versions_are_ordered_as_packagers_mean_them():
    ordered = ["2.0.9-1", "2.0.25~rc1-1", "2.0.25-1", "2.0.25-1+deb12u1", "2.0.25-1+deb12u10", "2.0.29-1"]
    assert sorted(random.Random(1).sample(ordered, len(ordered)), key=version_order) == ordered
