"""File histories, folders and architectures, against real git where git's answer is right."""

from pathlib import Path

import pytest
from files_world import Repository, a_commit, a_record, read_history, read_tree, sha_of, subjects

from generator.model.files import Departure, TreeEntry
from generator.relate.files import (
    DEPTH_LIMIT,
    architectures,
    blob_facts,
    copies,
    departures,
    file_histories,
    folders_of,
    list_files,
    places,
    readme_of,
)

TEXT = "".join(f"line {number}\n" for number in range(40))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def histories(repository: Repository):
    history = read_history(repository.mirror)
    return history, file_histories(history.commits, history.records, history.head)


def gone(repository: Repository) -> dict[str, Departure]:
    history = read_history(repository.mirror)
    return departures(history.commits, history.records, history.head)


def test_a_history_goes_on_under_the_older_names_of_a_chain_of_renames(repository):
    names = ("a.c", "b.c", "lib/c.c", "lib/d.c")
    for number, name in enumerate(names):
        if number:
            repository.move(names[number - 1], name)
        else:
            repository.write(name, TEXT)
        repository.commit(f"name {number}")
        repository.write(name, TEXT + f"more {number}\n")
        repository.commit(f"edit {number}")
    history, found = histories(repository)
    assert [sha for sha, _ in found["lib/d.c"]] == repository.follow("lib/d.c")
    assert subjects(history, found["lib/d.c"])[1:4] == ["name 3 @ lib/d.c", "edit 2 @ lib/c.c", "name 2 @ lib/c.c"]
    assert subjects(history, found["b.c"])[0] == "name 2 @ b.c"
    assert gone(repository)["b.c"] == Departure(sha_of(history, "name 2"), "lib/c.c")


def test_a_file_that_was_deleted_and_made_again_has_one_history(repository):
    repository.write("keep", "k\n")
    repository.write("a.c", TEXT)
    repository.commit("make")
    repository.git("rm", "-q", "a.c")
    repository.commit("delete")
    repository.write("a.c", "something else\n")
    repository.commit("make again")
    history, found = histories(repository)
    assert subjects(history, found["a.c"]) == ["make again @ a.c", "delete @ a.c", "make @ a.c"]
    assert [sha for sha, _ in found["a.c"]] == repository.follow("a.c")
    assert gone(repository)["a.c"] == Departure(sha_of(history, "delete"), "")


def test_a_new_file_under_a_name_that_moved_away_does_not_take_the_history_along(repository):
    repository.write("a.c", TEXT)
    repository.commit("make")
    repository.move("a.c", "b.c")
    repository.commit("move")
    repository.write("a.c", "unlike\n" * 9)
    repository.commit("another")
    history, found = histories(repository)
    assert subjects(history, found["b.c"]) == ["move @ b.c", "make @ a.c"]
    assert subjects(history, found["a.c"]) == ["another @ a.c", "move @ a.c", "make @ a.c"]


def test_the_history_of_both_sides_of_a_merge_is_taken(repository):
    repository.write("a.c", TEXT)
    repository.commit("make")
    repository.git("switch", "-q", "-c", "side")
    repository.write("a.c", TEXT + "below\n")
    repository.commit("side")
    repository.git("switch", "-q", "main")
    repository.write("a.c", "above\n" + TEXT)
    repository.commit("main")
    repository.git("merge", "-q", "--no-edit", "side")
    history, found = histories(repository)
    assert subjects(history, found["a.c"]) == ["main @ a.c", "side @ a.c", "make @ a.c"]


def test_commits_of_another_branch_stay_out_of_the_heads_files_but_keep_their_own(repository):
    repository.write("a.c", TEXT)
    repository.commit("make")
    repository.git("switch", "-q", "-c", "stable")
    repository.write("a.c", TEXT + "backport\n")
    repository.write("only.c", "x\n")
    repository.commit("backport")
    repository.git("tag", "v1.1")
    repository.git("switch", "-q", "main")
    history, found = histories(repository)
    assert subjects(history, found["a.c"]) == ["make @ a.c"]
    assert subjects(history, found["only.c"]) == ["backport @ only.c"]
    assert list_files(read_tree(repository.mirror, "v1.1"), history.commits, history.records).touched["a.c"] == sha_of(
        history, "backport"
    )


def test_names_that_swap_in_one_commit_keep_each_their_own_past():
    commits = [a_commit("2", "1"), a_commit("1")]
    records = {"1": a_record("1", ("A", "a"), ("A", "b")), "2": a_record("2", ("R", "a", "b"), ("R", "b", "a"))}
    found = file_histories(commits, records, "2")
    assert found["a"] == (("2", "a"), ("1", "b"))
    assert found["b"] == (("2", "b"), ("1", "a"))


def test_a_copy_begins_a_history_and_names_its_origin():
    commits = [a_commit("2", "1"), a_commit("1")]
    records = {"1": a_record("1", ("A", "a")), "2": a_record("2", ("C", "a", "b"))}
    found = file_histories(commits, records, "2")
    assert found["b"] == (("2", "b"),)
    assert found["a"] == (("1", "a"),)
    assert copies(commits, records) == {"b": ("2", "a")}


def test_a_thousand_renames_share_the_memory_of_their_past():
    commits = [a_commit(str(number), str(number - 1)) for number in range(3_000, 0, -1)]
    records = {str(number): a_record(str(number), ("R", f"f{number - 1}", f"f{number}")) for number in range(1, 3_001)}
    found = file_histories(commits, records, "3000")
    assert len(found["f3000"]) == 3_000
    assert found["f3000"][-1] == ("1", "f1")


def test_a_folder_was_touched_by_the_newest_commit_below_it(repository):
    repository.write("lib/deep/a.c", TEXT)
    repository.write("lib/b.c", TEXT)
    repository.commit("make")
    repository.write("lib/deep/a.c", "new\n")
    repository.commit("deep")
    repository.write("top", "t\n")
    repository.commit("top")
    history = read_history(repository.mirror)
    touched = list_files(read_tree(repository.mirror, "HEAD"), history.commits, history.records).touched
    names = {path: history.by_sha[sha].subject for path, sha in touched.items()}
    assert names == {
        "": "top", "top": "top", "lib": "deep", "lib/deep": "deep", "lib/deep/a.c": "deep", "lib/b.c": "make",
    }  # fmt: skip


def entry(path: str, size_bytes: int = 1, blob: str = "b", mode: str = "100644") -> TreeEntry:
    return TreeEntry(mode, "blob", blob, size_bytes, path)


def test_folders_add_up_what_is_below_them_and_parents_come_first():
    folders = folders_of([entry("a/b/c/one", 5), entry("a/two", 7), entry("three", 11)])
    assert [(path, folder.files, folder.size_bytes) for path, folder in folders.items()] == [
        ("", 3, 23),
        ("a", 2, 12),
        ("a/b", 1, 5),
        ("a/b/c", 1, 5),
    ]
    assert folders[""].folders == ("a",)
    assert folders["a/b"].entries == ()


def test_a_path_of_two_thousand_folders_is_listed_on_the_last_page_that_may_be():
    folders = folders_of([entry("d/" * 2_000 + "file")])
    assert len(folders) == DEPTH_LIMIT + 1
    assert [len(folder.entries) for folder in folders.values()] == [0] * DEPTH_LIMIT + [1]


def test_a_blob_stands_wherever_a_tree_has_it(repository):
    repository.write("a", "same\n")
    repository.commit("make")
    repository.git("tag", "v1")
    repository.write("b", "same\n")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    repository.commit("again")
    history = read_history(repository.mirror)
    listings = [
        list_files(read_tree(repository.mirror, ref), history.commits, history.records) for ref in ("HEAD", "v1")
    ]
    (standing,) = places(listings).values()
    assert [(place.ref, place.path, history.by_sha[place.commit].subject) for place in standing] == [
        ("HEAD", "a", "make"),
        ("HEAD", "b", "again"),
        ("v1", "a", "make"),
    ]


def test_the_plainest_readme_that_is_a_file_and_not_empty_is_shown(repository):
    repository.write("README.md", "# hello\n")
    repository.write("README", "")
    repository.write("readme.txt", "hello\n")
    repository.write("doc/README", "inner\n")
    repository.commit("make")
    history = read_history(repository.mirror)
    listing = list_files(read_tree(repository.mirror, "HEAD"), history.commits, history.records)
    assert readme_of(listing).path == "README.md"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["kexec/arch/x86_64/kexec-x86_64.c", "purgatory/arch/ppc64/v2wrap.S"], ("ppc64", "x86_64")),
        (["arch/x86_64.c"], ("x86_64",)),
        (["arch/parisc/kernel.c", "kexec/arch/hppa/kexec.c"], ("hppa",)),
        (["arch/s390x.c", "arch/aarch64/x"], ("arm64", "s390")),
        (["kexec/arch/i386/include/arch/options.h"], ("i386",)),
        (["search/arm/x", "arch", "arch/", "arch/README", "arch/all/x", "monarch/arm/x"], ()),
        ([], ()),
    ],
)
def test_an_architecture_is_what_follows_a_folder_of_that_name(paths, expected):
    assert architectures(paths) == expected


def test_facts_tell_line_ends_open_ends_and_binaries():
    assert blob_facts(b"a\r\nb\r\n").line_ends == "CRLF"
    assert blob_facts(b"a\r\nb\n").line_ends == "mixed"
    assert (blob_facts(b"a\nb").lines, blob_facts(b"a\nb").ends_open) == (2, True)
    assert (blob_facts(b"").lines, blob_facts(b"").ends_open) == (0, False)
    assert blob_facts(b"a\0b").binary
    assert not blob_facts(b"a" * 8_000 + b"\0").binary
    assert blob_facts(b"../t\xff", is_link=True).target == "../t\udcff"
