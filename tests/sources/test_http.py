import hashlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator import __version__
from generator.errors import SourceError
from generator.sources.http import Fetched, MissingFile, Unreachable, fetch_file
from tests.web_world import Web, serve

DATA = bytes(range(256)) * 1000


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve() as running:
        running.files["/file"] = DATA
        yield running


@pytest.fixture
def fetch(web: Web, tmp_path: Path) -> Callable[..., Fetched]:
    def run(path: str = "/file", *, max_bytes: int = 1 << 20, timeout_s: float = 5.0) -> Fetched:
        address = path if "://" in path else web.address + path
        return fetch_file(
            address,
            tmp_path / "file",
            max_bytes=max_bytes,
            timeout_s=timeout_s,
            progress=lambda _: None,
            pause_s=0.001,
        )

    return run


def leftovers(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_a_file_arrives_whole_and_nothing_stays_beside_it(fetch, web, tmp_path):
    fetched = fetch()
    assert (tmp_path / "file").read_bytes() == DATA
    assert fetched == Fetched(sha256=hashlib.sha256(DATA).hexdigest(), size_bytes=len(DATA), url=web.address + "/file")
    assert leftovers(tmp_path) == ["file"]


def test_a_broken_transfer_goes_on_where_it_stopped(fetch, web, tmp_path):
    web.stop_after = [100_000, 50_000]
    fetched = fetch()
    assert (tmp_path / "file").read_bytes() == DATA
    assert fetched.sha256 == hashlib.sha256(DATA).hexdigest()
    assert [headers.get("Range") for _, headers in web.requests] == [None, "bytes=100000-", "bytes=150000-"]


def test_a_later_call_goes_on_too_and_until_then_the_old_file_stays(fetch, web, tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    web.stop_after = [10, 10, 10, 10]
    with pytest.raises(Unreachable, match="the connection broke, 4 times: try again later"):
        fetch()
    assert (tmp_path / "file").read_bytes() == b"old"
    assert (tmp_path / "file.partial").stat().st_size == 40
    fetch()
    assert web.requests[-1][1]["Range"] == "bytes=40-"
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_file_that_changed_in_between_is_taken_from_its_beginning(fetch, web, tmp_path):
    web.stop_after = [10, 10, 10, 10]
    with pytest.raises(Unreachable):
        fetch()
    web.files["/file"], web.etag = b"new", '"two"'
    fetch()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_partial_of_another_address_is_not_gone_on_with(fetch, web, tmp_path):
    web.files["/other"] = b"other"
    web.stop_after = [10, 10, 10, 10]
    with pytest.raises(Unreachable):
        fetch()
    fetch("/other")
    assert (tmp_path / "file").read_bytes() == b"other"
    assert "Range" not in web.requests[-1][1]


def test_a_server_that_ignores_ranges_gives_the_same_file(fetch, web, tmp_path):
    web.ranges = False
    web.stop_after = [1000]
    fetch()
    assert (tmp_path / "file").read_bytes() == DATA


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_validator_the_file_is_taken_anew(fetch, web, tmp_path, etag):
    web.etag = etag
    web.stop_after = [1000]
    fetch()
    assert (tmp_path / "file").read_bytes() == DATA
    assert all("Range" not in headers for _, headers in web.requests)


def test_a_range_that_the_server_refuses_is_dropped(fetch, web, tmp_path):
    web.stop_after = [1000]
    web.files["/file"] = DATA
    (tmp_path / "file.partial").write_bytes(b"x" * len(DATA))
    (tmp_path / "file.partial.json").write_text(f'{{"url": "{web.address}/file", "validator": "\\"one\\""}}')
    fetch()
    assert (tmp_path / "file").read_bytes() == DATA


@pytest.mark.parametrize("lengths", [True, False])
def test_a_file_that_is_too_big_is_refused(fetch, web, tmp_path, lengths):
    web.lengths = lengths
    with pytest.raises(SourceError, match=r"/file: is bigger than the 1000 bytes that are allowed"):
        fetch(max_bytes=1000)
    assert leftovers(tmp_path) == []


def test_an_empty_file_is_a_file(fetch, web, tmp_path):
    web.files["/file"] = b""
    assert fetch().size_bytes == 0
    assert (tmp_path / "file").read_bytes() == b""


def test_redirects_are_followed_and_the_end_is_told(fetch, web):
    web.redirects["/here"] = "/file"
    assert fetch("/here").url == web.address + "/file"


@pytest.mark.parametrize("there", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "//[bad"])
def test_redirects_out_of_the_web_are_refused(fetch, web, tmp_path, there):
    web.redirects["/here"] = there
    with pytest.raises(SourceError, match=r"redirects to .*(only http and https addresses|is no address)"):
        fetch("/here")
    assert leftovers(tmp_path) == []


def test_redirects_without_end_are_refused(fetch, web):
    web.redirects["/here"] = "/here"
    with pytest.raises(SourceError, match="redirects more than 5 times"):
        fetch("/here")


def test_a_missing_file_is_told_apart_from_an_unreachable_one(fetch, web):
    with pytest.raises(MissingFile, match=r"/nothing: the server has no such file \(404\)"):
        fetch("/nothing")
    assert web.asked("/nothing") == 1


def test_a_busy_server_is_asked_again(fetch, web, tmp_path):
    web.statuses = [503, 429]
    fetch()
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_server_that_stays_broken_is_left_alone_after_some_tries(fetch, web):
    web.statuses = [500] * 9
    with pytest.raises(Unreachable, match=r"the server answered 500, 4 times: try again later or give another"):
        fetch()
    assert len(web.requests) == 4


def test_other_answers_end_it_at_once(fetch, web):
    web.statuses = [403]
    with pytest.raises(SourceError, match="the server answered 403: check the address"):
        fetch()


def test_nobody_listening_is_one_line(fetch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        fetch(f"http://127.0.0.1:{port}/file")
    assert str(caught.value) == (
        f"http://127.0.0.1:{port}/file: cannot be reached: Connection refused, 4 times: "
        "try again later or give another address"
    )


def test_a_silent_server_is_given_up(fetch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(Unreachable, match=r"no answer within 0\.05 s"):
            fetch(address, timeout_s=0.05)


def test_a_server_that_only_drips_is_given_up(fetch, web):
    web.drip_s = 0.02
    with pytest.raises(Unreachable, match="sends less than 500 bytes a second"):
        fetch(timeout_s=0.05)


def test_no_credentials_leave_and_the_portal_names_itself(fetch, web, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    web.redirects["/here"] = "/file"
    fetch("/here")
    for _, headers in web.requests:
        assert "Authorization" not in headers
        assert headers["User-Agent"] == f"kdump-portal/{__version__}"


def test_an_address_with_a_password_is_refused(fetch):
    with pytest.raises(SourceError, match="user names and passwords in addresses are not used"):
        fetch("http://me:secret@127.0.0.1/file")


def test_a_folder_that_cannot_be_written_is_one_line(web, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SourceError, match="file cannot be written"):
        fetch_file(
            web.address + "/file",
            tmp_path / "taken" / "file",
            max_bytes=1 << 20,
            timeout_s=5,
            progress=lambda _: None,
        )
