"""A site being built: what did not change is kept, cheaply, and what somebody did to the site is mended."""

import os
import pickle
import random
from pathlib import Path

import pytest

from generator.errors import OutputError
from generator.model.pages import Asset
from generator.output.manifest import MANIFEST
from generator.output.search import SearchDocuments
from generator.output.shell import Shell
from generator.output.site import Site, prepare
from generator.output.spare import BEHIND, spare_of


class World:
    """Builds sites of assets: by group what is in each file."""

    def __init__(self, folder: Path) -> None:
        self.final = folder / "site"
        self.documents = folder / "documents"
        self.site: Site

    def build(self, groups: dict[str, dict[str, str]], foreign: dict[str, str] | None = None) -> bool:
        """Build the groups, those that are as they were unasked; return whether the site changed."""
        staging = prepare(self.final)
        for path, text in (foreign or {}).items():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            (staging / path).write_text(text, "utf-8")
        self.site = Site(self.final, Shell(lambda *facts: ""), lambda part: b"", SearchDocuments(self.documents))
        self.made = [name for name in groups if not self.site.keep_groups(name)]
        for name in self.made:
            for path, text in groups[name].items():
                self.site.put(Asset(path=path, body=(text.encode(),)), name)
        return self.site.finish(())

    def contents(self) -> dict[str, str]:
        return {
            path.relative_to(self.final).as_posix(): path.read_text("utf-8")
            for path in self.final.rglob("*")
            if path.is_file() and path.name != MANIFEST
        }

    def inodes(self) -> dict[str, int]:
        return {path.relative_to(self.final).as_posix(): path.stat().st_ino for path in self.final.rglob("*.txt")}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


ONE = {"a:1": {"a/1.txt": "one", "a/2.txt": "two"}, "b:1": {"b.txt": "b"}}


def test_a_group_of_the_same_name_is_not_made_again_and_its_files_stay(world: World) -> None:
    assert world.build(ONE, {"index.txt": "home"})
    before = world.inodes()
    assert not world.build(ONE, {"index.txt": "home"})
    assert world.made == [] and world.inodes() == before and world.site.tally.kept == 4
    assert world.build({**ONE, "c:1": {"c.txt": "c"}}, {"index.txt": "home"})
    assert world.made == ["c:1"] and before.items() <= world.inodes().items()


def test_of_a_group_that_changed_only_the_files_that_did_are_written(world: World) -> None:
    world.build(ONE)
    before = world.inodes()
    world.build({"a:2": {"a/1.txt": "one", "a/2.txt": "new", "a/3.txt": "three"}, "b:1": ONE["b:1"]})
    after = world.inodes()
    assert world.contents() == {"a/1.txt": "one", "a/2.txt": "new", "a/3.txt": "three", "b.txt": "b"}
    assert after["a/1.txt"] == before["a/1.txt"] and after["a/2.txt"] != before["a/2.txt"]


def test_what_nobody_wants_any_more_goes_with_its_empty_folders(world: World) -> None:
    world.build({**ONE, "x:1": {"deep/er/x.txt": "x"}}, {"other/y.txt": "y"})
    for _ in range(2):  # by links, then by the spare tree
        world.build({"b:1": ONE["b:1"], f"z:{random.random()}": {"z.txt": "z"}})
        assert world.contents() == {"b.txt": "b", "z.txt": "z"}
        assert not (world.final / "deep").exists() and not (world.final / "other").exists()


def test_many_builds_in_a_row_give_what_each_asked_for(world: World) -> None:
    chance = random.Random(3)
    files = {f"{folder}/{number}.txt": "0" for folder in "abc" for number in range(5)}
    for step in range(40):
        for path in chance.sample(sorted(files), 3):
            files[path] = chance.choice(("", str(step), "same"))
        groups: dict[str, dict[str, str]] = {}
        for path, text in sorted(files.items()):
            if text:
                groups.setdefault(path[0], {})[path] = text
        foreign = {f"pages/{chance.randrange(3)}.txt": chance.choice("xy")}
        world.build({f"{name}:{hash(tuple(own.items()))}": own for name, own in groups.items()}, foreign)
        assert world.contents() == {path: text for own in groups.values() for path, text in own.items()} | foreign


def test_a_file_may_become_a_folder_and_a_folder_a_file(world: World) -> None:
    file, folder = {"x:1": {"a/x": "file"}}, {"x:2": {"a/x/1.txt": "one", "a/x/2.txt": "two"}}
    for groups in (file, folder, folder, file, file, folder, file, folder):
        world.build({**groups, f"z:{random.random()}": {"z.txt": str(random.random())}})
        assert world.contents().items() >= next(iter(groups.values())).items()


def test_a_file_that_somebody_removed_or_added_is_mended(world: World) -> None:
    for _ in range(3):
        world.build({**ONE, f"z:{random.random()}": {"z.txt": "z"}})
    (world.final / "a/1.txt").unlink()
    (world.final / "stray.txt").write_text("stray", "utf-8")
    (world.final / "stray2.txt").write_text("stray", "utf-8")
    world.build({**ONE, "z:1": {"z.txt": "z"}})
    assert world.contents() == {"a/1.txt": "one", "a/2.txt": "two", "b.txt": "b", "z.txt": "z"}


def test_a_spare_tree_that_is_of_another_site_is_not_used(world: World) -> None:
    world.build(ONE)
    world.build({**ONE, "c:1": {"c.txt": "c"}})
    spare = spare_of(world.final)
    assert (spare / BEHIND).exists()
    os.utime(world.final / MANIFEST, (1, 1))
    (spare / "a/1.txt").unlink()
    (spare / "a/1.txt").write_text("tampered with", "utf-8")
    world.build({**ONE, "c:2": {"c.txt": "new"}})
    assert world.contents() == {"a/1.txt": "one", "a/2.txt": "two", "b.txt": "b", "c.txt": "new"}


def test_a_spare_tree_on_which_a_build_died_is_not_used(world: World) -> None:
    world.build(ONE)
    world.build({**ONE, "c:1": {"c.txt": "c"}})
    (spare_of(world.final) / BEHIND).unlink()
    (spare_of(world.final) / "b.txt").unlink()
    world.build({**ONE, "c:2": {"c.txt": "new"}})
    assert world.contents()["b.txt"] == "b" and world.contents()["c.txt"] == "new"


def test_two_outputs_for_one_path_are_refused_even_when_one_is_kept(world: World) -> None:
    world.build(ONE)
    before = world.contents()
    with pytest.raises(OutputError, match=r"b\.txt: two outputs"):
        world.build({**ONE, "c:1": {"b.txt": "c"}})
    with pytest.raises(OutputError, match=r"d\.txt: two outputs"):
        world.build({**ONE, "c:1": {"d.txt": "c"}, "d:1": {"d.txt": "d"}})
    with pytest.raises(OutputError, match=r"b\.txt: two outputs"):
        world.build(ONE, {"b.txt": "of MkDocs"})
    with pytest.raises(OutputError, match=r"b\.txt: two outputs"):
        world.build({**ONE, "b:2": {"b.txt": "new"}})
    assert world.contents() == before


def test_what_a_helper_process_made_counts_like_what_this_one_made(world: World) -> None:
    world.build({"z:1": {"z.txt": "z"}})
    staging = prepare(world.final)
    site = Site(world.final, Shell(lambda *facts: ""), lambda part: b"", SearchDocuments(world.documents))
    site.keep_groups("z:1")
    site.put(Asset(path="y.txt", body=(b"y",)), "y:1")
    made = site.make_apart("a:1", [Asset(path="a.txt", body=(b"a",))])
    assert (staging / "a.txt").exists() and site.tally.written == 1
    site.adopt(pickle.loads(pickle.dumps(made)))
    assert site.finish(()) and world.contents() == {"a.txt": "a", "y.txt": "y", "z.txt": "z"}
    assert (site.tally.written, site.tally.kept) == (2, 1)
    with pytest.raises(OutputError, match=r"a\.txt: two outputs"):
        site.put(Asset(path="a.txt", body=(b"a",)), "x:1")
