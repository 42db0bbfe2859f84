import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from carried_world import carried, plain_patch
from world import Repository, environment, git

from generator.model.mirrors import Tag
from generator.model.patches import Application, Collection, Patch, Target
from generator.output.cache import Cache, open_cache
from generator.render.unified import unified
from generator.sources.git import Mirror, read_tags
from generator.work import application
from generator.work.application import try_collections

MAIN = b"".join(b"line %d\n" % number for number in range(1, 41))
needs_patch = pytest.mark.skipif(not shutil.which("patch"), reason="patch is not installed; tests/prepare brings it")


def change(number: int, text: str = "changed", path: str = "main.c") -> bytes:
    """Return the diff that changes one line of MAIN."""
    start = number - 3
    before = b"".join(b" line %d\n" % line for line in range(start, number))
    after = b"".join(b" line %d\n" % line for line in range(number + 1, number + 4))
    head = f"--- a/{path}\n+++ b/{path}\n@@ -{start},7 +{start},7 @@\n".encode()
    return head + before + b"-line %d\n+%b\n" % (number, text.encode()) + after


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """v1.0 is MAIN; v2.0 has lines before it, line 17 and 30 otherwise, and the fix of line 10 in it."""
    made = Repository(tmp_path / "thing.git")
    made.commit("one", {"main.c": MAIN, "data.bin": b"\0\1\2", "link": ("120000", b"/tmp"), "sub/x": b"x\n"})
    made.tag("v1.0", message=b"1.0\n")
    later = b"new 1\nnew 2\n" + MAIN.replace(b"line 17\n", b"other\n").replace(b"line 10\n", b"changed\n")
    made.commit("two", {"main.c": later.replace(b"line 30\n", b"quite other\n")})
    made.tag("v2.0", message=b"2.0\n")
    made.commit("three", {"main.c": None})
    made.tag("v3.0-rc1", message=b"3.0-rc1\n")
    return made


@pytest.fixture
def cache(tmp_path: Path):
    with open_cache(tmp_path / "work.sqlite") as opened:
        yield opened


def tried(repository: Repository, cache: Cache, *collections: Collection) -> dict[str, tuple[Application, ...]]:
    """Return the applications by patch name."""
    mirror = Mirror(repository.folder)
    found = try_collections(collections, {"thing": read_tags(mirror)}, {"thing": mirror}, cache, lambda *_: None)
    return {patch: applications for (_, patch), applications in found.items()}


def verdicts(applications: tuple[Application, ...]) -> list[tuple[str, str]]:
    return [(each.tag, each.verdict) for each in applications]


@needs_patch
def test_each_patch_is_tried_on_the_tag_it_names_and_on_the_newest_release(
    repository: Repository, cache: Cache
) -> None:
    files = {
        "moved": change(24),
        "fuzzy": change(20),
        "gone": change(30),
        "there": change(10),
        "none": change(5, path="no.c"),
    }
    patches = [plain_patch(name, data) for name, data in files.items()]
    found = tried(repository, cache, carried(*patches))
    assert {name: verdicts(each) for name, each in found.items()} == {
        "moved": [("v1.0", "clean"), ("v2.0", "offset")],
        "fuzzy": [("v1.0", "clean"), ("v2.0", "fuzz")],
        "gone": [("v1.0", "clean"), ("v2.0", "failed")],
        "there": [("v1.0", "clean"), ("v2.0", "applied")],
        "none": [("v1.0", "failed"), ("v2.0", "failed")],
    }
    (moved,) = found["moved"][1].hunks
    assert (moved.file, moved.number, moved.offset, moved.fuzz) == ("main.c", 1, 2, 0)
    (fuzzy,) = found["fuzzy"][1].hunks
    assert (fuzzy.offset, fuzzy.fuzz) == (2, 1)
    assert found["none"][0].reason == "no.c: there is no such file"
    assert found["there"][1].reason == "tried without gone, which did not apply before it"


@needs_patch
def test_a_patch_is_tried_on_what_those_before_it_left(repository: Repository, cache: Cache) -> None:
    second = change(10, "again").replace(b"-line 10", b"-changed")
    broken = change(10, "third").replace(b"-line 10", b"-never")
    patches = [
        plain_patch("1", change(10)),
        plain_patch("2", second),
        plain_patch("3", broken),
        plain_patch("4", change(36)),
    ]
    found = tried(repository, cache, carried(*patches))
    assert [found[name][0].verdict for name in "1234"] == ["clean", "clean", "failed", "clean"]
    assert [hunk.verdict for hunk in found["3"][0].hunks] == ["failed"]
    assert found["4"][0].reason == "tried without 3, which did not apply before it"


@needs_patch
def test_what_patch_made_of_a_file_is_there_for_the_next(repository: Repository, cache: Cache) -> None:
    after = change(20, "next").replace(b"-line 20", b"-changed").replace(b" line 17", b" other")
    found = tried(repository, cache, carried(plain_patch("1", change(20)), plain_patch("2", after)))
    assert [found[name][1].verdict for name in "12"] == ["fuzz", "offset"]


def test_results_are_kept_and_not_worked_out_again(
    repository: Repository, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = carried(plain_patch("1", change(10)), plain_patch("2", change(20)))
    first = tried(repository, cache, made)
    monkeypatch.setattr(application, "_try_patch", lambda *_: pytest.fail("it was tried again"))
    assert tried(repository, cache, made) == first
    assert tried(repository, cache, replace(made, title="other")) == first


def test_another_patch_before_it_is_another_question(repository: Repository, cache: Cache) -> None:
    one, other = plain_patch("1", change(10)), plain_patch("1", change(36))
    last = plain_patch("2", change(10, "again").replace(b"-line 10", b"-changed"))
    assert tried(repository, cache, carried(one, last))["2"][0].verdict == "clean"
    assert tried(repository, cache, carried(other, last))["2"][0].verdict == "failed"


def test_the_versions_of_a_series_are_tried_each_by_itself(repository: Repository, cache: Cache) -> None:
    first, second = plain_patch("v1", change(10)), replace(plain_patch("v2", change(10, "better")), version=2)
    found = tried(repository, cache, carried(first, second, kind="series"))
    assert [found[name][0].verdict for name in ("v1", "v2")] == ["clean", "clean"]


def test_what_cannot_be_tried_says_why(repository: Repository, cache: Cache) -> None:
    patch = plain_patch("1", change(10))
    broken = plain_patch("2", b"--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n x\n")
    nowhere = Target(source="other", tag="", package="other", version="9")
    (unknown,) = tried(repository, cache, carried(patch, target=nowhere))["1"]
    assert (unknown.verdict, unknown.reason) == ("unknown", "no git source here is other")
    untagged = replace(carried().target, tag="", version="7")
    found = tried(repository, cache, carried(patch, broken, target=untagged))
    assert found["1"][0].reason == "no tag of thing is known to be version 7"
    assert verdicts(found["1"]) == [("", "unknown"), ("v2.0", "applied")]
    assert found["2"][1].verdict == "unknown"
    assert found["2"][1].reason == broken.problem != ""


def test_without_patch_git_decides_alone_and_that_is_said(
    repository: Repository, cache: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    application.tools.cache_clear()
    try:
        found = tried(repository, cache, carried(plain_patch("1", change(24)), plain_patch("2", change(20))))
    finally:
        application.tools.cache_clear()
    assert verdicts(found["1"]) == [("v1.0", "clean"), ("v2.0", "offset")]
    assert verdicts(found["2"]) == [("v1.0", "clean"), ("v2.0", "failed")]
    assert "`patch` is not installed here" in found["2"][1].reason


def made_by_git(repository: Repository, changes: dict, *, old: str = "v1.0") -> bytes:
    """Return git's diff from v1.0 to it with some changes."""
    sha = repository.commit("scratch", changes, parents=[repository.git("rev-parse", f"{old}^{{commit}}")])
    diff = git(repository.folder, "diff-tree", "-r", "-p", "-M", "--binary", "--full-index", f"{sha}^", sha)
    return diff + b"\n"


@needs_patch
@pytest.mark.parametrize(
    "changes",
    [
        {"data.bin": b"\0\1\3"},
        {"new": ("100755", b"x\n")},
        {"empty": b""},
        {"main.c": None},
        {"main.c": None, "moved.c": MAIN + b"more\n"},
        {"sub/x": ("100755", b"x\n")},
        {"sub/x": b"x"},
        {"odd\nname": b"x\n", 'q"\t': b"y\n"},
        {"link": ("120000", b"/var")},
    ],
)
def test_every_kind_of_change_is_tried_and_found_again(repository: Repository, cache: Cache, changes: dict) -> None:
    diff = made_by_git(repository, changes)
    found = tried(repository, cache, carried(plain_patch("1", diff), plain_patch("2", diff)))
    assert [found[name][0].verdict for name in "12"] == ["clean", "applied"]


@needs_patch
def test_nothing_is_written_through_a_link_of_the_tree(repository: Repository, cache: Cache, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(MAIN)
    repository.commit("link", {"out": ("120000", str(outside).encode()), "main.c": MAIN})
    repository.tag("v9.0", message=b"9\n")
    through = [
        change(10, path="out/file"),
        b"--- /dev/null\n+++ b/out/new\n@@ -0,0 +1 @@\n+evil\n",
        change(20, path="out"),
    ]
    names = "abc"
    patches = [plain_patch(name, data) for name, data in zip(names, through, strict=True)]
    found = tried(repository, cache, carried(*patches))
    assert {found[name][1].verdict for name in names} == {"failed"}
    assert [file.name for file in outside.iterdir()] == ["file"]
    assert (outside / "file").read_bytes() == MAIN


@needs_patch
def test_a_patch_that_is_refused_by_name_never_reaches_a_tool(repository: Repository, cache: Cache) -> None:
    patch = plain_patch("1", change(10))
    for path in (b"../evil", b"/tmp/evil", b".git/config", b"a/../../evil", b"sub/.GIT/x"):
        forged = replace(patch, files=(replace(patch.files[0], path=path, old_path=path),), data=path)
        assert tried(repository, cache, carried(forged))["1"][0].verdict == "failed"
        new = replace(forged, files=(replace(forged.files[0], status="A", hunks=patch.files[0].hunks[:0]),))
        assert tried(repository, cache, carried(new, name="new"))["1"][0].verdict == "failed"


@needs_patch
def test_the_verdicts_are_those_of_the_tools_themselves(repository: Repository, cache: Cache, tmp_path: Path) -> None:
    """Random trees and patches: `clean` and `offset` are git's, the rest is what `patch` exits with."""
    rng = random.Random(7)
    seen = set()
    for number in range(60):
        patch, old = _random_patch(rng), _random_content(rng)
        repository.commit(f"random {number}", {"main.c": old}, parents=[])
        repository.tag(f"v{10 + number}.0", message=b"x\n")
        made = carried(
            patch, name=f"c{number}", target=Target(source="thing", tag=f"v{10 + number}.0", package="", version="")
        )
        (result,) = tried(repository, cache, made)["1"][:1]
        seen.add(result.verdict)
        assert _agrees(tmp_path / str(number), old, patch, result)
    assert seen == {"clean", "offset", "fuzz", "failed", "applied"}


def _random_content(rng: random.Random) -> bytes:
    lines = MAIN.splitlines(keepends=True)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(lines))
        lines[at : at + rng.randrange(2)] = [b"random %d\n" % rng.randrange(99)] * rng.randrange(2)
    return b"".join(lines).replace(b"line 20\n", rng.choice([b"line 20\n", b"changed\n"]))


def _random_patch(rng: random.Random) -> Patch:
    numbers = rng.sample((8, 20, 32), rng.randrange(1, 3)) if rng.random() < 0.7 else [20]
    head, hunks = b"--- a/main.c\n+++ b/main.c\n", b""
    for number in sorted(numbers):
        hunks += change(number).removeprefix(head)
    return plain_patch("1", head + hunks)


def _agrees(folder: Path, old: bytes, patch: Patch, result: Application) -> bool:
    folder.mkdir()
    (folder / "main.c").write_bytes(old)
    git(folder, "init", "--quiet")
    diff = unified(patch.files)
    with_git = _exit(folder, ["git", "apply", "--check", "-"], diff)
    backwards = _exit(folder, ["git", "apply", "--check", "--reverse", "-"], diff)
    with_patch = _exit(folder, ["patch", "-p1", "--dry-run", "--force", "--silent"], diff)
    expected = {
        "clean": with_git, "offset": with_git, "applied": not with_git and backwards,
        "fuzz": not with_git and with_patch, "failed": not with_git and not with_patch,
    }  # fmt: skip
    return expected[result.verdict]


def _exit(folder: Path, command: list[str], diff: bytes) -> bool:
    return subprocess.run(command, cwd=folder, input=diff, env=environment(folder), capture_output=True).returncode == 0


def test_a_tag_that_leads_nowhere_is_not_tried(repository: Repository, cache: Cache) -> None:
    mirror = Mirror(repository.folder)
    tags: tuple[Tag, ...] = tuple(replace(tag, commit="") for tag in read_tags(mirror))
    made = carried(plain_patch("1", change(10)))
    found = try_collections([made], {"thing": tags}, {"thing": mirror}, cache, lambda *_: None)
    assert [each.verdict for each in found[made.name, "1"]] == ["unknown"]
