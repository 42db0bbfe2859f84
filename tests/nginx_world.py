"""nginx from Debian on loopback, given the lines that `kdump-portal headers nginx` prints, and nothing else of ours."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generator.publish.headers import server_config

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "")
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed here")


@contextmanager
def nginx_over(site: Path, work: Path) -> Iterator[str]:
    """Serve a folder; `work` is for nginx' own files. Yields the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (work / "portal.conf").write_text(server_config("nginx"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temps = "".join(f"{kind}_temp_path {work}/{kind};\n" for kind in kinds)
    server = f"listen 127.0.0.1:{port}; root {site}; include {work}/portal.conf;"
    (work / "nginx.conf").write_text(
        f"daemon off; pid {work}/pid; error_log stderr; user root;\nevents {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off;\n{temps}server {{ {server} }} }}\n"
    )
    process = subprocess.Popen([NGINX, "-p", str(work), "-c", str(work / "nginx.conf")], stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()
