"""A patch is called what it is: equal only when it is, near when much of it is the same, else nothing."""

from dataclasses import replace

import pytest
from series_world import ELF, MAIN, branch, commits, edited, files_of, index, patches, program
from world import Repository

from generator.model.commits import CommitRecord, Person, Verification
from generator.model.diffs import FileDiff, Hunk
from generator.model.histories import GitSource, History, Reference
from generator.relate.fingerprints import LINES_LIMIT, fingerprint, hashes_of, likeness
from generator.relate.matching import Index, index_history, match
from generator.relate.patch_ids import patch_id
from generator.work.diffs import change_of

ALPHA = (
    ("int total_alpha = 0;", "size_t total_alpha = page_size();"),
    ("total_alpha += alpha->sizes[i];", "total_alpha += align_up(alpha->sizes[i], 8);"),
    ("return total_alpha;", "return align_up(total_alpha, sizeof(long));"),
)
NOTE = (("total_note += note->sizes[i];", "total_note += align_up(note->sizes[i], 4);"),)
BOILERPLATE = b"#include <stdio.h>\n#include <stdlib.h>\n\nint main(void)\n{\n\treturn 0;\n}\n"


class World:
    """Upstream, and a branch of it from before a change of the code around."""

    def __init__(self, folder):
        self.repository = repository = Repository(folder)
        self.base = repository.commit("base", {"main.c": MAIN, "elf.c": ELF, "kexec/twin.c": MAIN})
        moved = edited(MAIN, ("int i = 0", "size_t i = 0"), ("static int alpha", "static size_t alpha"))
        repository.commit("all: use size_t for indexes", {"main.c": moved})
        self.alpha = repository.commit("main: align alpha", {"main.c": edited(moved, *ALPHA)})
        self.note = repository.commit("elf: align notes\n\nThe format asks for it.\n", {"elf.c": edited(ELF, *NOTE)})
        for number in range(6):
            repository.commit(f"tool {number}: begin", {f"tool{number}.c": BOILERPLATE + b"int tool%d;\n" % number})
        self.many = repository.commit(
            "big: two programs", {"one.c": program("first", "second"), "two.c": program("third", "fourth")}
        )
        repository.commit("release notes", {"News": b"v2\n"})
        self.main = repository.head
        self.index = index(repository, self.main)

    def patch(self, message, changes, base=""):
        """Return a patch on top of the base."""
        base = base or self.base
        return patches(self.repository, f"{base}..{branch(self.repository, base, [(message, changes)])}")[0]

    def match(self, patch):
        return match(patch, self.index, patch_id(patch.files))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("match") / "upstream.git")


def test_the_same_change_is_equal_whatever_it_is_called(world):
    found = world.match(world.patch("renamed by a distribution", {"elf.c": edited(ELF, *NOTE)}))
    assert (found.verdict, found.sha, found.share) == ("equal", world.note, 1.0)


def test_a_backport_with_other_context_is_found_by_author_and_subject(world):
    found = world.match(world.patch("[RHEL 9] main: Align alpha.", {"main.c": edited(MAIN, *ALPHA)}))
    assert (found.verdict, found.sha) == ("subject", world.alpha)
    assert found.share > 0.7


def test_a_backport_under_another_name_is_near(world):
    found = world.match(world.patch("our fix", {"main.c": edited(MAIN, *ALPHA)}))
    assert (found.verdict, found.sha) == ("near", world.alpha)
    assert 0.7 < found.share <= 1


def test_a_backport_that_lost_a_part_says_how_much_is_the_same(world):
    whole = world.match(world.patch("our fix", {"main.c": edited(MAIN, *ALPHA)}))
    part = world.match(world.patch("our half fix", {"main.c": edited(MAIN, *ALPHA[1:])}))
    assert (part.verdict, part.sha) == ("near", world.alpha)
    assert part.share < whole.share


def test_the_same_change_of_another_file_is_not_equal(world):
    found = world.match(world.patch("twin", {"kexec/twin.c": edited(MAIN, *ALPHA)}))
    assert found.verdict in ("near", "none")


def test_the_same_subject_and_another_change_of_the_file_is_not_equal_and_shares_nothing(world):
    other = world.match(
        world.patch("main: align alpha", {"main.c": edited(MAIN, ("beta->sizes[i]", "beta->lengths[i]"))})
    )
    assert (other.verdict, other.sha, other.share) == ("subject", world.alpha, 0.0)


def test_the_same_subject_and_another_file_is_nothing(world):
    assert world.match(world.patch("main: align alpha", {"else.c": b"int something_else;\n"})).verdict == "none"


def test_the_same_subject_by_another_author_is_nothing(world):
    patch = world.patch("main: align alpha", {"main.c": edited(MAIN, ("beta->sizes[i]", "beta->lengths[i]"))})
    assert world.match(replace(patch, author=Person("Bob", "bob@example.org"))).verdict == "none"
    assert world.match(replace(patch, author=None)).verdict == "none"


def test_name_or_address_is_enough_of_an_author(world):
    patch = world.patch("main: align alpha", {"main.c": edited(MAIN, ("beta->sizes[i]", "beta->lengths[i]"))})
    assert world.match(replace(patch, author=Person("A. A.", "ANN@example.org"))).verdict == "subject"
    assert world.match(replace(patch, author=Person("Ann Author", "new@example.org"))).verdict == "subject"


def test_boilerplate_matches_nothing(world):
    assert world.match(world.patch("our tool", {"ours.c": BOILERPLATE})).verdict == "none"
    assert world.match(world.patch("our tool", {"ours.c": BOILERPLATE + b"int ours_alone;\n"})).verdict == "none"


def test_a_reverted_change_is_not_the_change(world):
    patch = world.patch("back", {"elf.c": ELF}, base=world.main)
    assert world.match(patch).verdict == "none"


def test_a_commit_that_was_taken_in_two_steps_has_the_patch_as_a_part(world):
    found = world.match(world.patch("half of it", {"one.c": program("first", "second")}))
    assert (found.verdict, found.sha, found.extent) == ("near", world.many, "part of")


def test_a_patch_that_squashes_commits_contains_them(world):
    repository = world.repository
    steps = [("step one", {"s1.c": program("red", "green")}), ("step two", {"s2.c": program("blue", "white")})]
    head = branch(repository, world.base, steps)
    upstream = index(repository, f"{world.base}..{head}")
    squashed = world.patch("squashed", {"s1.c": program("red", "green"), "s2.c": program("blue", "white")})
    found = match(squashed, upstream, patch_id(squashed.files))
    assert (found.verdict, found.extent) == ("near", "contains")
    assert found.parts == tuple(repository.git("rev-list", "--reverse", f"{world.base}..{head}").split())


def test_of_two_equal_commits_the_oldest_that_lasted_counts(tmp_path):
    repository = Repository(tmp_path / "again.git")
    repository.commit("base", {"elf.c": ELF})
    first = repository.commit("first", {"elf.c": edited(ELF, *NOTE)})
    repository.commit("revert", {"elf.c": ELF})
    second = repository.commit("again", {"elf.c": edited(ELF, *NOTE)})
    name = patch_id(files_of(repository, first))
    assert index(repository).equal(name) == first
    assert index(repository, reverted=[first]).equal(name) == second
    assert index(repository, reverted=[first, second]).equal(name) == first


def test_the_index_of_a_history_is_made_of_what_was_kept_of_each_commit(world):
    found = commits(world.repository, world.main)
    files = {commit.sha: files_of(world.repository, commit.sha) for commit in found}
    records = {
        sha: CommitRecord(
            sha=sha,
            changes=tuple(map(change_of, own)),
            verification=Verification(verdict="verified"),
            patch_id=patch_id(own),
            lines=fingerprint(own),
        )
        for sha, own in files.items()
    }
    source = GitSource(name="kexec", title="", description="", addresses=())
    history = History(
        source=source, branch="main", head=world.main, commits=found, by_sha={}, records=records, tags=(), children={},
        first_tag={world.note: "v2"}, by_tag={}, references={world.note: (Reference("reverted by", world.main),)},
    )  # fmt: skip
    made = index_history(history)
    assert (made.source, made.first_tag[world.note], made.entries) == ("kexec", "v2", world.index.entries)
    patch = world.patch("our fix", {"main.c": edited(MAIN, *ALPHA)})
    assert match(patch, made, patch_id(patch.files)) == world.match(patch)


def test_an_empty_index_and_an_empty_patch_match_nothing(world):
    patch = world.patch("our fix", {"main.c": edited(MAIN, *ALPHA)})
    assert match(patch, Index("none", (), {}, ()), patch_id(patch.files)).verdict == "none"
    assert match(replace(patch, files=(), subject=""), world.index, "").verdict == "none"


def diff(*lines, path=b"a.c"):
    hunk = Hunk(((1, 1),), (1, 1), b"", lines)
    return FileDiff(
        path=path, old_path=path, status="M", old_mode="", new_mode="", old_blob="", new_blob="", hunks=(hunk,)
    )


def test_a_fingerprint_counts_changed_lines_once_without_blanks_and_without_trivial_ones():
    one = fingerprint((diff(b" context_line();", b"-old_call(a);", b"+new_call(a);", b"+}", b"+\tbreak;", b"+\x0c"),))
    other = fingerprint((diff(b"+\tnew_call( a );\r", b"+new_call(a);", path=b"b.c"), diff(b"-old_call(a);")))
    assert len(hashes_of(one)) == 2
    assert one == other
    assert one != fingerprint((diff(b"+old_call(a);", b"-new_call(a);"),))


def test_a_merge_and_a_binary_file_leave_no_fingerprint():
    combined = replace(diff(), hunks=(Hunk(((1, 1), (1, 1)), (1, 1), b"", (b"++some_line();",)),))
    assert fingerprint((combined, replace(diff(), binary=True, hunks=()))) == b""


def test_big_patches_are_compared_by_samples():
    lines = [b"+some_call(%d);" % number for number in range(3000)]
    whole, most = (hashes_of(fingerprint((diff(*part),))) for part in (lines, lines[:2400]))
    assert len(whole) == len(most) == LINES_LIMIT
    found = likeness(whole, most, lambda _: 1.0)
    assert found.share == pytest.approx(0.8, abs=0.12)
    assert found.around == 1.0


def test_a_fingerprint_is_the_same_in_every_process():
    assert fingerprint((diff(b"+new_call(a);"),)).hex() == "8bd2c293"
