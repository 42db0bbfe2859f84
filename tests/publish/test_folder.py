"""A folder shows the old site or the new one, whatever happens in between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.errors import PortalError
from generator.publish.folder import publish_folder, roll_back


def quiet(words: str) -> None:
    """Say nothing."""


def site(folder: Path, **files: str) -> Path:
    """Write a small site; names are given without their ending."""
    for name, text in {"index": "home", **files}.items():
        file = folder / f"{name.replace('__', '/')}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / ".kdump-portal.json").write_text("{}")
    return folder


def shown(target: Path) -> dict[str, str]:
    """Return what a reader sees."""
    current = target / "current"
    return {str(file.relative_to(current)): file.read_text() for file in sorted(current.rglob("*.html"))}


def test_what_is_shown_is_the_site_without_what_is_ours(tmp_path: Path) -> None:
    published = publish_folder(site(tmp_path / "site", a__page="one"), tmp_path / "www", keep=3, progress=quiet)
    assert shown(tmp_path / "www") == {"index.html": "home", "a/page.html": "one"}
    assert not (tmp_path / "www/current/.kdump-portal.json").exists()
    assert (published.sent, published.kept, published.removed) == (2, 0, 0)


def test_only_what_changed_is_copied(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", same="s" * 1000, old="o", gone="g")
    publish_folder(folder, tmp_path / "www", keep=3, progress=quiet)
    before = (tmp_path / "www/current/same.html").stat().st_ino
    (folder / "old.html").write_text("new")
    (folder / "gone.html").unlink()
    published = publish_folder(folder, tmp_path / "www", keep=3, progress=quiet)
    assert (published.sent, published.kept, published.removed, published.sent_bytes) == (1, 2, 1, 3)
    assert shown(tmp_path / "www") == {"index.html": "home", "same.html": "s" * 1000, "old.html": "new"}
    assert (tmp_path / "www/current/same.html").stat().st_ino == before


def test_rolling_back_shows_the_site_before_and_again_the_new_one(tmp_path: Path) -> None:
    folder, www = site(tmp_path / "site", page="one"), tmp_path / "www"
    publish_folder(folder, www, keep=3, progress=quiet)
    (folder / "page.html").write_text("two")
    publish_folder(folder, www, keep=3, progress=quiet)
    roll_back(www)
    assert shown(www)["page.html"] == "one"
    roll_back(www)
    assert shown(www)["page.html"] == "two"


def test_without_a_site_before_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    publish_folder(site(tmp_path / "site"), tmp_path / "www", keep=3, progress=quiet)
    with pytest.raises(PortalError, match="no site before"):
        roll_back(tmp_path / "www")


def test_so_many_stay_and_never_fewer_than_are_needed(tmp_path: Path) -> None:
    folder, www = site(tmp_path / "site"), tmp_path / "www"
    for number in range(6):
        (folder / "index.html").write_text(f"site {number}")
        publish_folder(folder, www, keep=2, progress=quiet)
        os.utime(www / "current/.published.json", (number, number))
    assert len(list((www / "releases").iterdir())) == 2
    roll_back(www)
    assert shown(www)["index.html"] == "site 4"


def test_what_is_no_built_site_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PortalError, match="no built site"):
        publish_folder(tmp_path / "empty", tmp_path / "www", keep=3, progress=quiet)


def test_a_folder_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "www/current").mkdir(parents=True)
    (tmp_path / "www/current/precious").write_text("p")
    with pytest.raises(PortalError, match="is no link"):
        publish_folder(site(tmp_path / "site"), tmp_path / "www", keep=3, progress=quiet)
    assert (tmp_path / "www/current/precious").exists()


CODE = """
import sys
from pathlib import Path
from generator.publish.folder import publish_folder
print("ready", flush=True)
publish_folder(Path(sys.argv[1]), Path(sys.argv[2]), keep=2, progress=lambda words: None)
"""


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03, 0.08])
def test_killed_at_any_moment_a_whole_site_is_shown_and_the_next_try_ends_it(tmp_path: Path, delay_s: float) -> None:
    folder, www = site(tmp_path / "site", **{f"p{number}": "old" for number in range(400)}), tmp_path / "www"
    publish_folder(folder, www, keep=2, progress=quiet)
    for number in range(400):
        (folder / f"p{number}.html").write_text("new")
    process = subprocess.Popen([sys.executable, "-c", CODE, str(folder), str(www)], stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert {text for name, text in shown(www).items() if name != "index.html"} in ({"old"}, {"new"})
    publish_folder(folder, www, keep=2, progress=quiet)
    assert {text for name, text in shown(www).items() if name != "index.html"} == {"new"}
