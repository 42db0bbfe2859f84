"""The patches of today: what is committed is what the tool's source gives, and git takes it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from project import ROOT

from generator.capture.assemble import assemble_tool
from generator.capture.series import mail, series

SERIES = series()
AM = ["git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "am", "--whitespace=error"]


def test_what_is_committed_is_what_the_source_gives() -> None:
    """When this fails: python -m generator.capture.series"""
    for collection, patches in SERIES.items():
        folder = ROOT / "patches" / collection
        assert sorted(file.name for file in folder.glob("*.patch")) == [patch.name for patch in patches]
        for number, patch in enumerate(patches, 1):
            assert (folder / patch.name).read_text("utf-8") == mail(patch, number, len(patches))


@pytest.mark.parametrize("collection", SERIES)
def test_git_am_takes_them_and_gives_the_same_bytes_back(collection: str, tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.invalid"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "upstream"], cwd=tmp_path, check=True)
    files = sorted((ROOT / "patches" / collection).glob("*.patch"))
    done = subprocess.run([*AM, *files], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (tool,) = [file for file in tmp_path.rglob("kdump-capture") if file.is_file() and file.stat().st_size > 100_000]
    assert tool.read_text("utf-8") == assemble_tool()
    for patch in SERIES[collection]:
        for path, (mode, text) in patch.files.items():
            assert (tmp_path / path).read_text("utf-8") == text
            assert ((tmp_path / path).stat().st_mode & 0o111 != 0) == (mode == "100755")


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not here: tests/prepare brings it")
def test_the_scripts_are_clean(tmp_path: Path) -> None:
    for patches in SERIES.values():
        for patch in patches:
            for path, (_, text) in patch.files.items():
                if len(text) > 100_000:  # the tool, which has a test of its own
                    continue
                file = tmp_path / path.replace("/", "_")
                file.write_text(text)
                # Variables of the builder: SC2154; ours that it reads: SC2034; its functions' file: SC1091.
                words = ["shellcheck", "--exclude=SC2154,SC2034,SC1091,SC3043", str(file)]
                done = subprocess.run(words, capture_output=True, text=True)
                assert done.returncode == 0, done.stdout
