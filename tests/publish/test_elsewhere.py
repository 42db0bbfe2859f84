"""Publishing to real servers on loopback: sshd with rsync, a git server, and a storage that speaks S3."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_servers import bare, daemon
from world import git

from generator.errors import PortalError, SourceError
from generator.lab.servers import ssh_server, sshd_problem
from generator.publish.bucket import publish_bucket
from generator.publish.pages_branch import publish_branch, roll_back_branch
from generator.publish.remote import parse_place, publish_ssh, roll_back_ssh
from generator.sources.remotes import find_remote

needs_sshd = pytest.mark.skipif(
    bool(sshd_problem()) or not shutil.which("rsync"), reason=sshd_problem() or "rsync is not installed here"
)


def quiet(words: str) -> None:
    """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for name, text in {"index.html": "home", "a/index.html": "a", "assets/x.css": "x", "old.html": "old"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".kdump-portal.json").write_text("{}")
    return folder


def change(site: Path) -> None:
    """Change one page, add one, remove one."""
    (site / "a/index.html").write_text("changed")
    (site / "new.html").write_text("new")
    (site / "old.html").unlink()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    work = tmp_path / "sshd"
    work.mkdir()
    with ssh_server(work) as port:
        options = "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        monkeypatch.setenv("KDUMP_PORTAL_SSH", f"ssh {options} -i {work}/user_key")
        yield f"ssh://root@127.0.0.1:{port}{tmp_path}/www"


@needs_sshd
def test_over_ssh_the_site_is_switched_and_can_be_switched_back(site: Path, place: str, tmp_path: Path) -> None:
    current = tmp_path / "www/current"
    first = publish_ssh(site, place, keep=3, progress=quiet)
    assert (first.sent, first.removed) == (4, 0)
    assert (current / "a/index.html").read_text() == "a"
    inode = (current / "assets/x.css").stat().st_ino
    change(site)
    second = publish_ssh(site, place, keep=3, progress=quiet)
    assert (second.sent, second.kept, second.removed) == (2, 2, 1)
    assert (current / "a/index.html").read_text() == "changed"
    assert not (current / "old.html").exists()
    assert (current / "assets/x.css").stat().st_ino == inode
    assert second.sent_bytes < 100
    roll_back_ssh(place)
    assert (current / "old.html").read_text() == "old"


@needs_sshd
def test_over_ssh_the_same_again_changes_nothing(site: Path, place: str, tmp_path: Path) -> None:
    publish_ssh(site, place, keep=3, progress=quiet)
    again = publish_ssh(site, place, keep=3, progress=quiet)
    assert again.sent == 0
    assert len(list((tmp_path / "www/releases").iterdir())) == 1


@needs_sshd
def test_a_server_that_cannot_be_reached_leaves_the_site(site: Path, place: str, tmp_path: Path) -> None:
    publish_ssh(site, place, keep=3, progress=quiet)
    change(site)
    with pytest.raises(SourceError, match="ssh ended with 255"):
        publish_ssh(site, "ssh://root@127.0.0.1:1/www", keep=3, progress=quiet)
    assert (tmp_path / "www/current/old.html").exists()


@pytest.mark.parametrize(
    "address",
    ["ssh://host", "ssh://host/", "ssh://host/a b", "ssh://host/$(id)", "ssh://host/../x", "ssh://-oProxyCommand=x/y",
     "ssh://a:secret@host/x", "ssh://host/x;id"],
)  # fmt: skip
def test_an_address_that_could_do_harm_is_refused(address: str) -> None:
    with pytest.raises(PortalError) as problem:
        parse_place(address)
    assert "secret" not in str(problem.value)


def test_a_branch_gets_one_commit_for_each_change(site: Path, tmp_path: Path) -> None:
    repository = bare(tmp_path / "pages.git")
    with daemon(tmp_path) as address:
        remote = find_remote(f"{address}/pages.git", folder=tmp_path)
        publish_branch(site, remote, "pages", patience_s=30, progress=quiet)
        change(site)
        second = publish_branch(site, remote, "pages", patience_s=30, progress=quiet)
        assert (second.sent, second.removed) == (2, 1)
        again = publish_branch(site, remote, "pages", patience_s=30, progress=quiet)
        assert again.sent == 0
        assert git(repository, "rev-list", "--count", "pages").strip() == b"2"
        files = set(git(repository, "ls-tree", "-r", "--name-only", "pages").decode().split())
        assert files == {".nojekyll", "a/index.html", "assets/x.css", "index.html", "new.html"}
        roll_back_branch(remote, "pages", patience_s=30, progress=quiet)
        assert git(repository, "show", "pages:old.html") == b"old"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = pytest.importorskip("moto.server", reason="moto is not installed here").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0
    )
    server.start()
    for name, value in {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "key", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_bucket_gets_what_changed_with_the_right_types(site: Path, storage: str) -> None:
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("s3", endpoint_url=storage)
    client.create_bucket(Bucket="portal")
    publish_bucket(site, "s3://portal/kdump", endpoint=storage, progress=quiet)
    change(site)
    (site / "x.patch").write_text("<script>")
    second = publish_bucket(site, "s3://portal/kdump", endpoint=storage, progress=quiet)
    assert (second.sent, second.kept, second.removed) == (3, 2, 1)
    keys = {item["Key"] for item in client.list_objects_v2(Bucket="portal")["Contents"]}
    assert "kdump/old.html" not in keys and "kdump/new.html" in keys
    patch = client.head_object(Bucket="portal", Key="kdump/x.patch")
    assert patch["ContentType"] == "text/plain; charset=utf-8"
    assert "immutable" in client.head_object(Bucket="portal", Key="kdump/assets/x.css")["CacheControl"]
    assert publish_bucket(site, "s3://portal/kdump", endpoint=storage, progress=quiet).sent == 0


def test_a_bucket_that_is_not_there_is_said(site: Path, storage: str) -> None:
    with pytest.raises(SourceError, match="NoSuchBucket"):
        publish_bucket(site, "s3://nobody", endpoint=storage, progress=quiet)
