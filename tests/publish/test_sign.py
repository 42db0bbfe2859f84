"""Every list of sums is signed by the tool itself, and checks out with the key's public half."""

import shutil
import subprocess
from pathlib import Path

import pytest

from generator.errors import PortalError, SourceError
from generator.publish.inventory import take_inventory
from generator.publish.sign import sign_sums


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for name in ("index.html", "capture/SHA256SUMS", "git/x/SHA256SUMS"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{'0' * 64}  {name}\n")
    return folder


@pytest.fixture
def gpg(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("g")  # a short path: gpg-agent's socket lies in it
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    words = [
        "gpg",
        "--batch",
        "--passphrase",
        "",
        "--quick-gen-key",
        "Portal <portal@example.invalid>",
        "ed25519",
        "sign",
    ]
    subprocess.run(words, check=True, capture_output=True)
    yield
    subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed here")
def test_gpg_signs_each_list_once(site: Path, gpg: None, tmp_path: Path) -> None:
    key, cache = "gpg:portal@example.invalid", tmp_path / "cache"
    assert sign_sums(site, take_inventory(site), key, cache) == 2
    for place in ("capture", "git/x"):
        done = subprocess.run(
            ["gpg", "--verify", "SHA256SUMS.asc", "SHA256SUMS"], cwd=site / place, capture_output=True
        )
        assert done.returncode == 0, done.stderr
    before = (site / "capture/SHA256SUMS.asc").read_bytes()
    sign_sums(site, take_inventory(site), key, cache)
    assert (site / "capture/SHA256SUMS.asc").read_bytes() == before
    (site / "capture/SHA256SUMS").write_text("changed\n")
    sign_sums(site, take_inventory(site), key, cache)
    assert (site / "capture/SHA256SUMS.asc").read_bytes() != before


@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed here")
def test_a_key_that_is_not_there_stops_it(site: Path, gpg: None, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="gpg ended with"):
        sign_sums(site, take_inventory(site), "gpg:nobody@example.invalid", tmp_path / "cache")


@pytest.mark.parametrize("key", ["portal", "gpg:", "pgp:x"])
def test_a_key_of_no_known_kind_is_refused(site: Path, tmp_path: Path, key: str) -> None:
    with pytest.raises(PortalError, match="gpg:KEY or minisign:FILE"):
        sign_sums(site, take_inventory(site), key, tmp_path / "cache")
