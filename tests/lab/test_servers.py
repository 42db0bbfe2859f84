"""The lab's web server takes what is PUT, whole or in chunks, and nothing outside of its folder."""

import http.client
from pathlib import Path

import pytest

from generator.lab.servers import http_receiver


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_put_arrives_whole(tmp_path: Path, chunked: bool) -> None:
    data = bytes(range(256)) * 1000
    with http_receiver(tmp_path / "in") as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        body = iter([data[:1000], data[1000:]]) if chunked else data
        connection.request("PUT", "/drop/vmcore", body=body, encode_chunked=chunked)
        assert connection.getresponse().status == 201
        connection.close()
    assert (tmp_path / "in/drop/vmcore").read_bytes() == data


def test_a_path_that_leads_out_stays_in(tmp_path: Path) -> None:
    with http_receiver(tmp_path / "in") as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("PUT", "/../../evil", body=b"x")
        connection.getresponse().read()
        connection.close()
    assert (tmp_path / "in/evil").exists()
    assert not (tmp_path / "evil").exists()
