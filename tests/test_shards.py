"""Commits in blocks: what a change does to old ones is shown, and blocks that it does not touch are kept."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project
from world import Repository

from generator.output.manifest import load_manifest

COUNT = 140  # commits: two blocks of 64, and one that is not full


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Repository]:
    repository = Repository(tmp_path_factory.mktemp("shards") / "many.git")
    for number in range(COUNT):
        repository.commit(f"commit {number}\n\nIts words.", {"a.c": b"int a;\n"} if number % 50 == 0 else None)
    project = Project(tmp_path_factory.mktemp("shards") / "portal", many=repository.folder)
    project.build()
    return project, repository


def blocks(project: Project) -> dict[str, str]:
    """Return the names of the groups of commits, by block."""
    return dict(name.split(":") for name in load_manifest(project.site) if name.startswith("many commits "))


def one_more(repository: Repository) -> None:
    repository.commit("one more")


def fixed(repository: Repository) -> None:
    repository.commit(f'mend it\n\nFixes: {repository.shas["commit 3"][:12]} ("commit 3")\n')


def released(repository: Repository) -> None:
    repository.tag("v1.0", repository.shas["commit 70"], b"one\n")


def rewound(repository: Repository) -> None:
    repository.git("update-ref", "refs/heads/main", repository.shas["commit 100"])


@pytest.mark.parametrize(
    ("change", "anew"), [(one_more, {"2"}), (fixed, {"0", "2"}), (released, {"0", "1"}), (rewound, {"1"})]
)
def test_a_change_gives_what_a_cold_build_gives_and_blocks_it_does_not_touch_are_kept(
    built: tuple[Project, Repository], tmp_path: Path, change: Callable[[Repository], None], anew: set[str]
) -> None:
    project, repository = built
    folder = tmp_path / "portal"
    shutil.copytree(project.folder, folder)
    shutil.copytree(repository.folder, tmp_path / "many.git")
    other = Repository.__new__(Repository)
    other.__dict__ = {**repository.__dict__, "folder": tmp_path / "many.git", "_blobs": dict(repository._blobs)}
    warm = Project(folder, many=other.folder)
    warm.build()
    before = blocks(warm)
    assert before.keys() == {f"many commits {number}" for number in range(3)}
    change(other)
    warm.build()
    after = blocks(warm)
    assert {name[-1] for name in after if after[name] != before[name]} == anew
    cold = Project(tmp_path / "cold", many=other.folder)
    cold.build()
    assert warm.contents() == cold.contents()
    assert warm.build()["changed"] is False
