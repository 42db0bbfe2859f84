"""What the site gives away is what the repository has."""

import subprocess
from pathlib import Path

import pytest
from portal_world import SOURCE, Portal
from world import git


def fetch(visit, portal: Portal, path: str) -> bytes:
    answer = visit(portal.page("")).page.request.get(portal.page(path) if "://" not in path else path)
    assert answer.status == 200, path
    return answer.body()


@pytest.mark.parametrize("name", ["plain", "rename", "hostile", "big", "newest"])
def test_a_patch_applied_by_git_am_gives_the_commits_tree(name: str, portal: Portal, visit, tmp_path: Path) -> None:
    sha = portal.repository.shas[name]
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(portal.repository.folder), str(clone))
    git(clone, "checkout", "--quiet", f"{sha}^")
    git(clone, "am", "--quiet", "--keep-cr", stdin=fetch(visit, portal, portal.commit(name, ".patch")))
    assert git(clone, "rev-parse", "HEAD^{tree}").decode() == portal.repository.git("rev-parse", f"{sha}^{{tree}}")


def test_a_merges_bundle_brings_the_merge(portal: Portal, visit, tmp_path: Path) -> None:
    sha = portal.repository.shas["merge"]
    (tmp_path / "merge.bundle").write_bytes(fetch(visit, portal, portal.commit("merge", ".bundle")))
    git(portal.repository.folder, "bundle", "verify", "--quiet", str(tmp_path / "merge.bundle"))
    heads = git(tmp_path, "bundle", "list-heads", "merge.bundle").decode()
    assert heads.split()[0] == sha


def test_the_tarballs_of_all_releases_match_their_sums(portal: Portal, visit, tmp_path: Path) -> None:
    sums = fetch(visit, portal, f"git/{SOURCE}/download/SHA256SUMS")
    (tmp_path / "SHA256SUMS").write_bytes(sums)
    names = [line.split()[1] for line in sums.decode().splitlines()]
    assert len(names) >= 2
    for name in names:
        (tmp_path / name).write_bytes(fetch(visit, portal, f"git/{SOURCE}/download/{name}"))
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_a_patch_is_shown_by_the_browser_as_text(portal: Portal, visit) -> None:
    page = visit(portal.commit("plain")).page
    page.get_by_role("link", name="Patch", exact=True).click()
    assert page.evaluate("document.contentType") == "text/plain"
    assert "zebrafish" in page.locator("body").inner_text()
