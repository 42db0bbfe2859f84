"""The whole portal, built from real repositories by the real command."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from project import Project, faults
from world import EVIL, Repository, git, plain_repository

from generator.output.check import check_site
from generator.sources.git import Mirror, read_commits


def copy_of(repository: Repository, folder: Path) -> Repository:
    """Return a repository of one's own that holds the same."""
    shutil.copytree(repository.folder, folder)
    other = Repository.__new__(Repository)
    other.__dict__ = {**repository.__dict__, "folder": folder, "_blobs": dict(repository._blobs)}
    return other


@pytest.fixture(scope="session")
def hostile_project(hostile: Repository, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("portal"), hostile=hostile.folder)
    project.report = project.build()
    return project


@pytest.fixture
def plain(tmp_path: Path) -> Repository:
    return plain_repository(tmp_path / "plain.git")


@pytest.fixture
def project(tmp_path: Path, plain: Repository) -> Project:
    return Project(tmp_path / "portal", plain=plain.folder)


def test_every_hostile_page_is_whole_and_nothing_in_it_runs(hostile_project: Project) -> None:
    pages = {path: body for path, body in hostile_project.contents().items() if path.endswith(".html")}
    assert len(pages) > 500
    big = sorted(path for path, body in pages.items() if len(body) > 200_000)
    for path in big[4:]:
        del pages[path]  # more of the same would take half a minute
    assert {path: found for path, body in pages.items() if (found := faults(body))} == {}


def test_every_link_of_the_hostile_site_leads_somewhere_and_ids_are_unique(hostile_project: Project) -> None:
    assert check_site(hostile_project.site, lambda _: None).problems == []


def test_every_hostile_commit_has_its_page_and_its_patch_or_bundle(
    hostile: Repository, hostile_project: Project
) -> None:
    site = hostile_project.site / "git/hostile/commit"
    for commit in read_commits(Mirror(hostile.folder)):
        endings = (".bundle",) if commit.is_merge else (".patch", ".diff")
        for ending in (".html", *endings):
            assert (site / f"{commit.sha}{ending}").is_file(), (commit.subject, ending)
    (source,) = hostile_project.report["sources"]
    assert source["patches"] == source["verified"]


def test_no_name_from_the_repository_leads_out_of_the_site_or_is_a_page_by_itself(hostile_project: Project) -> None:
    for path in hostile_project.contents():
        assert not re.search(r"[^A-Za-z0-9._~+/-]|(^|/)\.(?!kdump)", path), path
    assert b"<script>alert" not in b"".join(
        body for path, body in hostile_project.contents().items() if path.endswith((".html", ".xml", ".atom"))
    )
    assert EVIL.partition(b"'")[0] in b"".join(
        body for path, body in hostile_project.contents().items() if path.endswith(".patch")
    )


def test_nothing_of_the_repository_was_run(hostile_project: Project) -> None:
    assert not Path("/evil").exists()


def test_an_unchanged_build_rewrites_no_file(project: Project) -> None:
    first = project.build()
    before = project.nodes()
    second = project.build()
    assert (first["changed"], second["changed"], second["written"]) == (True, False, 0)
    assert project.nodes() == before


def test_two_folders_on_the_disk_give_identical_bytes(project: Project, plain: Repository, tmp_path: Path) -> None:
    other = Project(tmp_path / "another/place", plain=copy_of(plain, tmp_path / "moved.git").folder)
    project.build()
    other.build()
    assert other.contents() == project.contents()


def test_no_clock_zone_or_language_of_the_machine_reaches_the_site(project: Project) -> None:
    project.build()
    before = project.contents()
    shutil.rmtree(project.folder / ".cache")
    shutil.rmtree(project.site)
    project.build(TZ="Pacific/Kiritimati", LC_ALL="C", SOURCE_DATE_EPOCH="1", LANG="de_DE.UTF-8")
    assert project.contents() == before


def test_one_more_commit_gives_what_a_cold_build_gives_and_writes_only_what_differs(
    project: Project, plain: Repository, tmp_path: Path
) -> None:
    project.build()
    before, nodes = project.contents(), project.nodes()
    plain.commit("one more\n", {"src/more.c": b"int more;\n"})
    report = project.build()
    cold = Project(tmp_path / "cold", plain=plain.folder)
    cold.build()
    after = project.contents()
    assert after == cold.contents()
    same = [path for path in after if before.get(path) == after[path]]
    assert len(same) > 20
    assert all(project.nodes()[path] == nodes[path] for path in same)
    assert report["written"] == len(after) - len(same) - 1  # the manifest is not counted


def test_what_is_gone_upstream_is_gone_from_the_site(project: Project, plain: Repository, tmp_path: Path) -> None:
    plain.commit("doomed\n", {"doomed.c": b"int doomed;\n"})
    plain.tag("v9-doomed", message=b"doomed\n")
    project.build()
    assert any("doomed" in path for path in project.contents())
    plain.git("update-ref", "refs/heads/main", plain.shas["docs: say more"])
    plain.git("update-ref", "-d", "refs/tags/v9-doomed")
    assert project.build()["removed"] > 5
    assert not any("doomed" in path or plain.shas["doomed"] in path for path in project.contents())
    cold = Project(tmp_path / "cold", plain=plain.folder)
    cold.build()
    assert project.contents() == cold.contents()
    assert check_site(project.site, lambda _: None).problems == []


def test_a_source_that_is_gone_keeps_its_pages_which_say_since_when(project: Project, plain: Repository) -> None:
    project.build()
    commit = f"git/plain/commit/{plain.shas['first']}.html"
    assert b"As of" not in project.contents()[commit]
    plain.folder.rename(plain.folder.with_name("away.git"))
    report = project.build()
    assert "problem" not in report["sources"][0]
    pages = [
        body for path, body in project.contents().items() if path.startswith("git/plain/") and path.endswith(".html")
    ]
    assert len(pages) > 15
    assert [body for body in pages if b"As of <time" not in body] == []
    assert project.run("build", "--require-sources").returncode == 1
    plain.folder.with_name("away.git").rename(plain.folder)
    project.build()
    assert b"As of" not in project.contents()[commit]


def test_a_source_that_never_was_there_is_said_to_be_missing(tmp_path: Path) -> None:
    project = Project(tmp_path / "portal", gone=tmp_path / "nowhere.git")
    assert "problem" in project.build()["sources"][0]
    assert b"is not here yet" in project.contents()["history/index.html"]
    before = project.contents()
    failed = project.run("build", "--require-sources")
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()[-1]) < 400
    assert "Traceback" not in failed.stderr
    assert project.contents() == before


@pytest.mark.parametrize("damage", ["truncated", "garbage", "not a mapping"])
def test_a_damaged_manifest_costs_time_and_nothing_else(project: Project, damage: str) -> None:
    project.build()
    good, nodes = project.contents(), project.nodes()
    manifest = project.site / ".kdump-portal.json"
    manifest.write_bytes(
        {"truncated": manifest.read_bytes()[:500], "garbage": b"\xff\x00", "not a mapping": b"[]"}[damage]
    )
    project.build()
    assert project.contents() == good
    changed = {path for path, node in project.nodes().items() if nodes[path] != node}
    assert changed <= {".kdump-portal.json"}


@pytest.mark.parametrize("lost", ["the whole cache", "its entries", "half the file", "the inside"])
def test_a_lost_or_broken_cache_is_made_anew(project: Project, plain: Repository, lost: str) -> None:
    project.build()
    file = project.folder / ".cache/work.sqlite"
    if lost == "the whole cache":
        shutil.rmtree(project.folder / ".cache")
    elif lost == "its entries":
        file.unlink()
    elif lost == "half the file":
        os.truncate(file, file.stat().st_size // 2)
    else:
        data = file.read_bytes()
        file.write_bytes(data[:8192] + b"\xa5" * (len(data) - 8192))
    plain.commit("after the damage\n", {"x": b"x\n"})
    project.build()
    good = project.contents()
    assert check_site(project.site, lambda _: None).problems == []
    shutil.rmtree(project.folder / ".cache")
    shutil.rmtree(project.site)
    project.build()
    assert project.contents() == good


def test_a_damaged_mirror_is_made_anew_from_its_source(project: Project, plain: Repository) -> None:
    project.build()
    good = project.contents()
    mirror = project.folder / ".cache/mirrors/plain.git"
    shutil.rmtree(mirror / "objects/pack")
    for folder in (mirror / "objects").iterdir():
        if len(folder.name) == 2:
            shutil.rmtree(folder)
    shutil.rmtree(project.folder / "site")
    project.build()
    assert project.contents() == good


def test_a_damaged_mirror_without_its_source_is_a_clear_error_and_the_old_site_stays(
    project: Project, plain: Repository
) -> None:
    project.build()
    good = project.contents()
    plain.folder.rename(plain.folder.with_name("away.git"))
    for file in (project.folder / ".cache/mirrors/plain.git/objects").rglob("*"):
        if file.is_file():
            file.unlink()
    failed = project.run("build")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert "remove" in failed.stderr
    assert "sync" in failed.stderr
    assert project.contents() == good


def test_a_build_that_is_killed_leaves_a_whole_site(project: Project, plain: Repository, tmp_path: Path) -> None:
    project.build()
    old = project.contents()
    plain.commit("the next state\n", {"next.c": b"int next;\n"})
    cold = Project(tmp_path / "cold", plain=plain.folder)
    start = time.monotonic()
    cold.build()
    whole = time.monotonic() - start
    new = cold.contents()
    chance = random.Random(1)
    for number in range(7):
        with project.start("build") as process:
            time.sleep(whole * (0.25 + 0.11 * number + 0.05 * chance.random()))
            process.kill()
            process.communicate()
        assert project.contents() in (old, new), number
    project.build()
    assert project.contents() == new
    assert not project.site.with_name("site.new").exists()
    assert not project.site.with_name("site.old").exists()


def test_a_full_disk_leaves_the_old_site_and_says_so_in_one_line(project: Project, plain: Repository) -> None:
    project.build()
    good = project.contents()
    plain.commit("big\n", {"big.txt": b"".join(b"line %d\n" % n for n in range(30_000))})
    process = project.start("build", "--quiet")
    subprocess.run(["prlimit", "--fsize=100000", f"--pid={process.pid}"], check=True)
    with process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert project.contents() == good
    project.build()
    assert project.contents() != good


def test_two_builds_at_once_wait_for_each_other(project: Project, plain: Repository) -> None:
    project.build()
    plain.commit("next\n", {"next.c": b"int next;\n"})
    processes = [project.start("build") for _ in range(3)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum("waiting" in err for _, err in results) >= 1
    assert check_site(project.site, lambda _: None).problems == []


def test_an_interrupted_build_says_that_nothing_is_lost(project: Project, plain: Repository) -> None:
    project.build()
    good = project.contents()
    for number in range(60):
        plain.commit(f"c {number}\n", {"x.c": b"".join(b"int v%d_%d;\n" % (number, n) for n in range(900))})
    with project.start("build") as process:
        for line in process.stderr:
            if "Building documentation" in line:
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in err
    assert project.contents() == good


def test_strict_with_a_warning_fails_and_leaves_the_old_site(project: Project) -> None:
    project.build("--strict")
    good = project.contents()
    (project.folder / "content/index.md").write_text("# Home\n\n[nowhere](nowhere.md)\n", "utf-8")
    failed = project.run("build", "--strict")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert project.contents() == good
    project.build()
    assert project.contents() != good


def test_mkdocs_itself_builds_the_same(project: Project) -> None:
    project.build()
    good = project.contents()
    shutil.rmtree(project.site)
    with project.start("build", "--quiet", program="mkdocs") as process:
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert project.contents() == good


def test_the_portal_shows_its_own_repository_when_nothing_else_can_be_reached(tmp_path: Path) -> None:
    project = Project(tmp_path / "portal")
    git(project.folder, "init", "--quiet")
    git(project.folder, "add", "mkdocs.yml", "content")
    git(project.folder, "commit", "--quiet", "--message", "begin the portal")
    project.configure(
        "      sources:\n        upstream: {addresses: ['https://127.0.0.1:9/none.git']}\n"
        "        portal: {addresses: [.]}\n"
    )
    report = project.build()
    assert [("problem" in source, source["name"]) for source in report["sources"]] == [
        (True, "upstream"),
        (False, "portal"),
    ]
    assert b"begin the portal" in project.contents()["git/portal/index.html"]
