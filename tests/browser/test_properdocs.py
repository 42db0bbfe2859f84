"""ProperDocs, the living fork of MkDocs 1.x, makes the same site of the same project."""

import filecmp
import sys
from pathlib import Path

import pytest
from portal_world import Portal, project, run


def files(folder: Path) -> set[str]:
    """Return all files of a site but the build's own notes, whose names begin with a dot."""
    found = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(folder).as_posix() for file in found}


def test_properdocs_makes_every_file_the_same_to_the_last_byte(portal: Portal, tmp_path: Path) -> None:
    pytest.importorskip("properdocs")
    folder = project(tmp_path / "project", portal.repository)
    run(folder, Path(sys.executable).name, "-m", "properdocs", "build", "--quiet", "-f", "mkdocs.yml")
    site = folder / "site"
    assert files(site) == files(portal.site)
    _, differing, unreadable = filecmp.cmpfiles(site, portal.site, sorted(files(site)), shallow=False)
    assert differing + unreadable == []
