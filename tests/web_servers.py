"""Web servers from Debian on loopback, given the lines that `kdump-portal headers` prints and the least of their own.

Each runs as nobody where the tests run as root, in a folder of its own, with what Debian's configuration says of types.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.publish.headers import server_config

PATIENCE_S = 20
SBIN = "/usr/sbin"
# What mods-available/ of Debian's apache2 loads or sets and a portal meets, with what others often add: encodings.
APACHE_MODULES = (
    *("mpm_event", "authz_core", "dir", "mime", "headers", "rewrite"),
    *("env", "filter", "deflate", "negotiation"),
)
APACHE_LIB = "/usr/lib/apache2/modules"
APACHE_TYPES = """\
TypesConfig /etc/mime.types
AddType application/x-gzip .gz .tgz
AddEncoding x-gzip .gz .tgz
AddLanguage de .de
AddHandler type-map var
DirectoryIndex index.html
AddOutputFilterByType DEFLATE text/html text/plain application/javascript
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A program, what starts it, and how its configuration is written: with our lines, a port, site and work folder."""

    program: str
    arguments: tuple[str, ...]
    configuration: Callable[[str, int, Path, Path], str]

    @property
    def found(self) -> str | None:
        """Return where the program is, None for nowhere."""
        return shutil.which(self.program, path=f"{os.environ['PATH']}:{SBIN}")


def _nginx(ours: str, port: int, site: Path, work: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temps = "".join(f"{kind}_temp_path {work}/{kind};\n" for kind in kinds)
    return (
        f"daemon off; pid {work}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off; gzip on;\n{temps}"
        f"server {{ listen 127.0.0.1:{port}; root {site};\n{ours}}} }}\n"
    )


def _apache(ours: str, port: int, site: Path, work: Path) -> str:
    modules = "".join(f"LoadModule {name}_module {APACHE_LIB}/mod_{name}.so\n" for name in APACHE_MODULES)
    return (
        f"ServerName localhost\nListen 127.0.0.1:{port}\nPidFile {work}/pid\nDefaultRuntimeDir {work}\n"
        f"ErrorLog {work}/error.log\n{modules}{APACHE_TYPES}DocumentRoot {site}\n"
        f"<Directory />\nOptions FollowSymLinks\nRequire all denied\n</Directory>\n"
        f"<Directory {site}>\nOptions FollowSymLinks\nRequire all granted\n{ours}</Directory>\n"
    )


def _caddy(ours: str, port: int, site: Path, work: Path) -> str:
    return f"{{\n admin off\n auto_https off\n}}\nhttp://127.0.0.1:{port} {{\n root * {site}\n{ours}}}\n"


PROGRAMS = {
    "nginx": Server("nginx", ("-c", "{work}/configuration", "-p", "{work}"), _nginx),
    "apache": Server("apache2", ("-D", "FOREGROUND", "-f", "{work}/configuration"), _apache),
    "caddy": Server("caddy", ("run", "--adapter", "caddyfile", "--config", "{work}/configuration"), _caddy),
}


def needs(name: str) -> pytest.MarkDecorator:
    """Return the mark of a test that needs a server's program."""
    program = PROGRAMS[name]
    return pytest.mark.skipif(not program.found, reason=f"{program.program} is not installed here")


@contextmanager
def serving(name: str, site: Path, *, packed: bool = False) -> Iterator[str]:
    """Serve a copy of a site, for who serves it may not read ours. Yields the address."""
    with tempfile.TemporaryDirectory(prefix="served-") as folder:
        top, work, port = Path(folder), Path(folder, "work"), _free_port()
        shutil.copytree(site, top / "site")
        (top / "current").symlink_to("site")  # as a published folder has it
        work.mkdir()
        text = PROGRAMS[name].configuration(server_config(name, packed), port, top / "current", work)
        (work / "configuration").write_text(text)
        for made in (top, *(file for file in top.rglob("*") if file.is_dir())):
            made.chmod(0o755)
        with _process(PROGRAMS[name], work) as process:
            _wait(process, port, work)
            yield f"http://127.0.0.1:{port}/"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _process(server: Server, work: Path) -> Iterator[subprocess.Popen]:
    as_nobody = {}
    if os.geteuid() == 0:
        shutil.chown(work, "nobody", "nogroup")
        as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    words = [server.found, *(word.format(work=work) for word in server.arguments)]
    with (work / "said").open("w") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, cwd=work, env={"HOME": str(work)}, **as_nobody)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen, port: int, work: Path) -> None:
    for _ in range(PATIENCE_S * 20):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, (work / "said").read_text()
        time.sleep(0.05)
    raise AssertionError(f"nobody listens after {PATIENCE_S} s: {(work / 'said').read_text()}")
