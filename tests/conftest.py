"""What many tests share: a home without settings, and repositories that are built once."""

import shutil

import pytest
from project import ROOT, Project
from world import Repository, hostile_repository


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The hostile repository; nobody may change it."""
    return hostile_repository(tmp_path_factory.mktemp("hostile") / "hostile.git")


@pytest.fixture(scope="session", autouse=True)
def frozen_code(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let projects be built by a copy of the generator, so that whoever edits it meanwhile spoils no comparison."""
    Project.code = tmp_path_factory.mktemp("code")
    shutil.copytree(ROOT / "generator", Project.code / "generator", ignore=shutil.ignore_patterns("__pycache__"))
