"""Two versions of a series are paired as git pairs them, and every line that changed is shown."""

import random
import re
from dataclasses import replace

import pytest
from series_world import branch, edited, patches, program, versions
from world import Repository

from generator.model.commits import Person
from generator.model.diffs import FileDiff, Hunk
from generator.model.patches import Patch
from generator.relate import range_diff as module
from generator.relate.range_diff import range_diff

SIGNS = {"same": "=", "changed": "!", "added": ">", "removed": "<"}
ROW_RE = re.compile(r"^ *(-|\d+): +\S+ ([=!<>]) +(-|\d+): ", re.MULTILINE)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return versions(tmp_path_factory.mktemp("series") / "series.git")


def compared(repository, old, new):
    return range_diff(patches(repository, old), patches(repository, new))


def rows(pairings):
    """Return pairings as git prints them."""

    def place(index):
        return "-" if index is None else str(index + 1)

    return [(place(item.old_index), SIGNS[item.verdict], place(item.new_index)) for item in pairings]


def rows_of_git(repository, old, new):
    return ROW_RE.findall(repository.git("range-diff", "--no-color", "-s", old, new))


@pytest.mark.parametrize(("old", "new"), [("v1", "v2"), ("v2", "v3"), ("v1", "v3"), ("v3", "v1"), ("v2", "v2")])
def test_patches_are_paired_in_gits_way(world, old, new):
    repository, ranges = world
    ours = rows(compared(repository, ranges[old], ranges[new]))
    assert ours == rows_of_git(repository, ranges[old], ranges[new])


def test_reordered_reworded_changed_dropped_and_added_patches_are_told_apart(world):
    repository, ranges = world
    found = rows(compared(repository, ranges["v1"], ranges["v2"]))
    assert found == [("2", "!", "1"), ("1", "=", "2"), ("3", "!", "3"), ("4", "<", "-"), ("-", ">", "4")]


def shown(pairing):
    return [line.outer + line.inner + line.text.decode() for line in pairing.lines]


def test_a_reworded_patch_shows_its_message(world):
    repository, ranges = world
    reworded = compared(repository, ranges["v1"], ranges["v2"])[0]
    assert (reworded.message_changed, reworded.diff_changed) == (True, False)
    assert "+=The format asks for it." in shown(reworded)
    assert not [line for line in shown(reworded) if line[0] in "+-" and line[1] != "="]


def test_a_changed_patch_shows_both_marks_of_each_line(world):
    repository, ranges = world
    changed = compared(repository, ranges["v1"], ranges["v2"])[2]
    assert (changed.message_changed, changed.diff_changed) == (False, True)
    marked = [line for line in shown(changed) if line[0] in "+-"]
    assert marked == ["-+--debug prints what is loaded.", "++--debug prints what is loaded,", "++and where it is put."]
    assert 0.5 < changed.share < 1


def test_changed_context_is_a_change_of_the_diff_and_names_its_file(world):
    repository, ranges = world
    context = compared(repository, ranges["v2"], ranges["v3"])[1]
    assert "- \tfor (int i = 0; i < alpha->count; i++)" in shown(context)
    assert "+ \tfor (int i = 0; i != alpha->count; i++)" in shown(context)
    assert " #main.c" in shown(context)


@pytest.mark.parametrize("seed", range(8))
def test_random_versions_are_paired_in_gits_way(tmp_path, seed):
    chance, repository = random.Random(seed), Repository(tmp_path / "random.git")
    names = [f"name{letter}" for letter in "abcdefghij"]
    base = repository.commit("base", {f"{name}.c": program(name, "common") for name in names})
    steps = [
        (f"{name}: do something\n\nFor {name}.\n", {f"{name}.c": program(name, f"new{name}", "common")})
        for name in names
    ]
    old = branch(repository, base, chance.sample(steps, 6))
    later = []
    for message, changes in chance.sample(steps, 7):
        ((path, data),) = changes.items()
        if chance.random() < 0.4:
            data = edited(data, ("return total_new", "return 1 + total_new"))
        if chance.random() < 0.3:
            message += f"Seen by {path}.\n"
        later.append((message, {path: data}))
    new = branch(repository, base, later)
    ours = rows(compared(repository, f"{base}..{old}", f"{base}..{new}"))
    assert ours == rows_of_git(repository, f"{base}..{old}", f"{base}..{new}")
    assert {sign for _, sign, _ in ours} >= {"!"}


def test_every_patch_is_shown_once_and_the_result_is_always_the_same(world):
    repository, ranges = world
    old, new = patches(repository, ranges["v1"]), patches(repository, ranges["v3"])
    found = range_diff(old, new)
    assert sorted(item.old_index for item in found if item.old_index is not None) == list(range(len(old)))
    assert sorted(item.new_index for item in found if item.new_index is not None) == list(range(len(new)))
    assert found == range_diff(old, new)


def patch(*lines, subject="a patch", path=b"a.c", **more):
    hunk = Hunk(((1, len(lines)),), (1, len(lines)), b"", lines)
    file = FileDiff(
        path=path, old_path=path, status="M", old_mode="", new_mode="", old_blob="", new_blob="", hunks=(hunk,)
    )
    return Patch(name="p", sha256="", size_bytes=0, form="mail", data=b"", subject=subject, files=(file,), **more)


def test_white_space_and_a_new_author_are_changes_too():
    one = patch(b"-int a;", b"+int b;")
    spaced = patch(b"-int a;", b"+int  b;")
    (found,) = range_diff([one], [spaced])
    assert (found.verdict, found.diff_changed, found.message_changed) == ("changed", True, False)


def test_two_letters_without_diff_are_not_taken_for_the_same_patch():
    one, other = replace(patch(subject="cover"), files=()), replace(patch(subject="other words here"), files=())
    assert [item.verdict for item in range_diff([one], [one])] == ["same"]
    assert [item.verdict for item in range_diff([one], [other])] != ["same"]


def test_mode_name_and_binary_content_are_compared():
    one = patch(b"-int a;", b"+int b;", *[b" line %d" % number for number in range(20)])
    (file,) = one.files
    moved = replace(one, files=(replace(file, path=b"b.c", status="R", new_mode="100755", old_mode="100644"),))
    (found,) = range_diff([one], [moved])
    assert {"+=mode 100644 to 100755", "+=renamed from a.c", "+#b.c", "-#a.c"} <= set(shown(found))


def test_too_many_equal_lines_are_said_not_compared(monkeypatch):
    monkeypatch.setattr(module, "EQUAL_PAIRS_LIMIT", 50)
    old, new = patch(*[b"+same line"] * 20), patch(*[b"+same line"] * 21)
    (found,) = range_diff([old], [new])
    assert found.verdict == "changed" and found.too_long and not found.lines


def test_patches_over_the_limit_are_paired_by_their_ids_alone(monkeypatch):
    monkeypatch.setattr(module, "PATCHES_LIMIT", 1)
    body = [b"+line %d" % number for number in range(20)]
    old = [patch(b"+one %d" % number, *body) for number in range(3)]
    new = [patch(b"+two %d" % number, *body) for number in range(2)] + old[2:]
    assert rows(range_diff(old, new)) == [("1", "!", "1"), ("2", "<", "-"), ("-", ">", "2"), ("3", "=", "3")]


def test_an_empty_version_is_all_removed_or_all_added():
    one = patch(b"+int a;")
    assert rows(range_diff([one], [])) == [("1", "<", "-")]
    assert rows(range_diff([], [one])) == [("-", ">", "1")]


def test_a_small_patch_that_is_all_new_keeps_its_place_by_author_and_subject():
    ann = Person("Ann", "ann@example.org")
    old, new = patch(b"-int a;", b"+int b;", author=ann), patch(b"-long x;", b"+long y;", author=ann)
    assert rows(range_diff([old], [new])) == [("1", "!", "1")]
    assert rows(range_diff([old], [replace(new, subject="another")])) == [("1", "<", "-"), ("-", ">", "1")]
    assert rows(range_diff([old], [replace(new, author=None)])) == [("1", "<", "-"), ("-", ">", "1")]
