"""Targets elsewhere, against real servers on loopback: what arrives is whole, and nobody else gets anything."""

import http.server
import json
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_kernel import CaptureKernel, manifest, sums

from generator.lab.servers import http_receiver, ssh_server, sshd_problem

needs_sshd = pytest.mark.skipif(
    bool(sshd_problem()) or not shutil.which("ssh"), reason=sshd_problem() or "ssh is not installed here"
)
needs_busybox = pytest.mark.skipif(not shutil.which("busybox"), reason="busybox is not installed here")


@pytest.fixture
def kernel(tmp_path: Path) -> CaptureKernel:
    return CaptureKernel(tmp_path / "kernel")


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[int]:
    work = tmp_path / "sshd"
    work.mkdir()
    with ssh_server(work) as port:
        yield port


class Login:
    """A key, the folder that dumps go to, and a target line for both. `host` names whose key is pinned."""

    def __init__(self, folder: Path, kernel: CaptureKernel, port: int, host: str = "host_key") -> None:
        self.drop = folder / "drop"
        self.drop.mkdir()
        work = folder / "sshd"
        key = work / "user_key"
        known = work / "known_hosts"
        kind, value = (work / f"{host}.pub").read_text().split()[:2]
        known.write_text(f"[127.0.0.1]:{port} {kind} {value}\n")
        kernel.config(
            f"target = ssh root@127.0.0.1:{port} {self.drop}\nssh_key = {key}\nssh_known_hosts = {known}\n"
            "target_wait = 2\nmin_free_mb = 1\n"
        )
        self.authorized = work / "user_key.pub"


@needs_sshd
@pytest.mark.parametrize("forced", [False, True], ids=["shell", "forced command"])
def test_a_dump_goes_over_ssh_whole(kernel: CaptureKernel, sshd: int, tmp_path: Path, forced: bool) -> None:
    login = Login(tmp_path, kernel, sshd)
    if forced:
        command = f"sh {kernel.tool} receive {login.drop}"
        login.authorized.write_text(f'command="{command}",restrict {login.authorized.read_text()}')
    done = kernel.stage2(folder=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (dump,) = login.drop.iterdir()
    assert not dump.name.endswith(".part")
    assert manifest(dump)["state"] == "complete"
    assert "vmcore.flat" in sums(dump)
    assert [path.name for path in dump.iterdir() if path.stat().st_mode & 0o077] == []


@needs_sshd
def test_a_host_with_another_key_gets_nothing(kernel: CaptureKernel, sshd: int, tmp_path: Path) -> None:
    login = Login(tmp_path, kernel, sshd, host="other_key")
    done = kernel.stage2(folder=False)
    assert done.returncode == 5
    assert list(login.drop.iterdir()) == []
    assert "does not let us in" in done.stdout + done.stderr


@needs_sshd
def test_a_dump_that_failed_is_never_called_complete_over_there(
    kernel: CaptureKernel, sshd: int, tmp_path: Path
) -> None:
    login = Login(tmp_path, kernel, sshd)
    kernel.makedumpfile("killed")
    kernel.vmcore.unlink()
    kernel.vmcore.mkdir()  # so that the plain copy fails as well
    done = kernel.stage2(folder=False)
    assert done.returncode == 9, done.stdout
    (dump,) = login.drop.iterdir()
    assert dump.name.endswith(".part")
    assert manifest(dump)["state"] == "incomplete"


@pytest.mark.parametrize(
    "asked",
    [
        "sh -c 'id'",
        ": kdump-capture put ../etc passwd; dd of=/etc/passwd",
        ": kdump-capture put .ssh authorized_keys; true",
        ": kdump-capture begin /tmp/x; true",
        ": kdump-capture begin $(id); true",
        ": kdump-capture remove a b c; true",
        ": kdump-capture shell; true",
        "",
    ],
)
def test_the_forced_command_runs_nothing_else(kernel: CaptureKernel, tmp_path: Path, asked: str) -> None:
    folder = tmp_path / "srv"
    folder.mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = kernel.run("receive", str(folder), SSH_ORIGINAL_COMMAND=asked)
    assert done.returncode != 0
    assert sorted(tmp_path.rglob("*")) == before


def test_the_forced_command_leaves_what_is_complete_alone(kernel: CaptureKernel, tmp_path: Path) -> None:
    folder = tmp_path / "srv"
    (folder / "done").mkdir(parents=True)
    (folder / "done/vmcore.flat").write_text("precious")
    for asked in ("begin done", "put done vmcore.flat", "remove done vmcore.flat", "finish done"):
        kernel.run("receive", str(folder), SSH_ORIGINAL_COMMAND=f": kdump-capture {asked}; true")
    assert (folder / "done/vmcore.flat").read_text() == "precious"
    assert [path.name for path in folder.iterdir()] == ["done"]


@needs_busybox
def test_a_dump_goes_over_http_whole(kernel: CaptureKernel, tmp_path: Path) -> None:
    with http_receiver(tmp_path / "drop") as port:
        kernel.config(f"target = http://127.0.0.1:{port}/in\ntarget_wait = 2\n")
        done = kernel.stage2(folder=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (dump,) = (tmp_path / "drop/in").iterdir()
    assert manifest(dump)["state"] == "complete"
    assert set(sums(dump)) == {"vmcore.flat", "dmesg.txt", "capture.log", "report.json"}


@needs_busybox
@pytest.mark.parametrize("status", [403, 500, 507])
def test_a_server_that_refuses_is_not_believed(kernel: CaptureKernel, status: int) -> None:
    with _server(lambda request: request.send_error(status)) as port:
        kernel.config(f"target = http://127.0.0.1:{port}/in\ntarget_wait = 2\n")
        done = kernel.stage2(folder=False)
    assert done.returncode in (5, 9), done.stdout
    assert ": complete" not in done.stdout


@needs_busybox
def test_a_server_that_says_yes_too_early_is_not_believed(kernel: CaptureKernel) -> None:
    def cut(request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        request.connection.shutdown(socket.SHUT_RDWR)

    kernel.makedumpfile("killed")
    kernel.vmcore.write_bytes(os.urandom(64 << 20))
    with _server(cut) as port:
        kernel.config(f"target = http://127.0.0.1:{port}/in\ntarget_wait = 2\n")
        done = kernel.stage2(folder=False)
    assert done.returncode != 0
    assert ": complete" not in done.stdout


class _server:
    """A server whose answer to PUT is up to the test."""

    def __init__(self, answer) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(404)
                self.end_headers()

            def do_PUT(self) -> None:
                answer(self)

            def log_message(self, *words: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return self._server.server_port

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_the_second_target_is_tried_when_the_first_is_not_there(kernel: CaptureKernel, tmp_path: Path) -> None:
    with http_receiver(tmp_path / "drop") as port:
        kernel.config(
            f"target = http://127.0.0.1:1/in\ntarget = http://127.0.0.1:{port}/in\ntarget_wait = 1\n",
        )
        done = kernel.stage2("--json", folder=False)
    assert json.loads(done.stdout)["exit"] == 0
    assert len(list((tmp_path / "drop/in").iterdir())) == 1
