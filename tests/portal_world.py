"""A small portal, built by the command from a real repository, and served the way its readers get it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from world import EVIL, Repository, environment

from generator.publish.headers import POLICY

ROOT = Path(__file__).parents[1]
PREFIX = "/kdump/"  # the folder of `site_url` in mkdocs.yml: links have to work below it
SOURCE = "demo"
TYPES = {".patch": "text/plain", ".diff": "text/plain", ".txt": "text/plain", ".wasm": "application/wasm"}

MAIN_C = """\
/* Loads a kernel
 * for kdump. */
#include <stdio.h>

int main(int argc, char **argv)
{
\tint load_crash_kernel = argc > 1;

\tif (load_crash_kernel)
\t\tprintf("loading %s\\n", argv[1]);
\treturn 0;
}
"""


def demo_repository(folder: Path) -> Repository:
    """One commit of each kind: plain, renamed, hostile, too big for a page, merged, released."""
    repository = Repository(folder)
    commit = repository.commit
    commit("demo: begin", {"README": "Hello. Grüße.\n".encode(), "kexec/arch/arm64/load.c": MAIN_C.encode()})
    long = MAIN_C.replace("return 0", "return argc + 1").replace("%s", "%s" + " and more" * 30)
    commit(
        "arm64: load the zebrafish kernel\n\nA word that is nowhere else: quokka.\n",
        {"kexec/arch/arm64/load.c": long.encode()},
        author="Jürgen Groß <j@example.org>".encode(),
        name="plain",
    )
    commit(
        "demo: rename",
        {"kexec/arch/arm64/load.c": None, "kexec/arch/arm64/a/rather/long/path/to/loader-of-kernels.c": long.encode()},
        name="rename",
    )
    commit(
        EVIL + b" as subject\n\n" + EVIL + b"\n",
        {
            b"<script>alert(1)</script>.c": EVIL + b"\n",
            "ünïcode \u202e.txt".encode(): b"x\n",
            b"a b/%2e%2e&?#.txt": b"y\n",
        },
        author=b"<img src=x onerror=alert(1)> <evil@example.org>",
        name="hostile",
    )
    repository.tag("v1.0", message=b"Version 1.0\n")
    folded = "".join(f"int number_{line} = {line};\n" for line in range(450)).encode()
    whole_page = "".join(f"/* {line} {'x' * 900} */\n" for line in range(450)).encode()
    commit("demo: many lines", {"big/a.c": folded, "big/b.c": whole_page, "small.txt": b"1\n2\n3\n"}, name="big")
    _merge(repository)
    repository.tag("v1.1", message=b"Version 1.1\n")
    commit("demo: not released", {"small.txt": b"1\n2\n3\n4\n"}, name="newest")
    return repository


def _merge(repository: Repository) -> None:
    base = repository.head
    ours = repository.commit("demo: ours", {"small.txt": b"one\n2\n3\n"})
    theirs = repository.commit("demo: theirs", {"small.txt": b"uno\n2\n3\n"}, parents=[base])
    repository.commit("Merge theirs", {"small.txt": b"one and uno\n2\n3\n"}, parents=[ours, theirs], name="merge")


def project(folder: Path, repository: Repository) -> Path:
    """Write a project with the portal's own settings and content, and the repository as its only source."""
    settings, mark, _ = (ROOT / "mkdocs.yml").read_text("utf-8").partition("      sources:\n")
    assert mark, "mkdocs.yml no longer lists `sources:` where this looks for it"
    folder.mkdir()
    (folder / "content").symlink_to(ROOT / "content")
    source = f"        {SOURCE}:\n          description: A project of one of each.\n"
    (folder / "mkdocs.yml").write_text(f"{settings}{mark}{source}          addresses: [{repository.folder}]\n", "utf-8")
    return folder


def run(folder: Path, *command: str) -> None:
    """Run one of the environment's commands in a project."""
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Portal:
    """A built and served portal: its repository, its folder, its address."""

    repository: Repository
    site: Path
    address: str

    def page(self, path: str) -> str:
        """Return the address of a site path."""
        return self.address + quote(path.removesuffix("index.html"), safe="/?=&#~")

    def commit(self, name: str, ending: str = ".html") -> str:
        """Return the address of something of a commit."""
        return self.page(f"git/{SOURCE}/commit/{self.repository.shas[name]}{ending}")

    def kinds(self) -> dict[str, str]:
        """Return the address of a page of every kind."""
        blob = self.repository.git("rev-parse", "HEAD:kexec/arch/arm64/a/rather/long/path/to/loader-of-kernels.c")
        top = f"git/{SOURCE}/"
        paths = {
            "home": "",
            "docs": "docs/",
            "search": "search/",
            "missing": "no/such/page.html",
            "history": "history/",
            "source": top,
            "files": f"{top}files/",
            "tree": f"{top}tree/HEAD/",
            "blob": f"{top}blob/{blob}.html",
            "file": f"{top}file/kexec/arch/arm64/a/rather/long/path/to/loader-of-kernels.c.html",
            "releases": f"{top}release/",
            "release": f"{top}release/v1.1/",
            "comparison": f"{top}release/v1.1/diff.html",
            "architecture": f"{top}arch/arm64/",
            "authors": f"{top}author/",
        }
        commits = {name: self.commit(name) for name in ("plain", "rename", "hostile", "big", "merge")}
        return {kind: self.page(path) for kind, path in paths.items()} | commits


KINDS = (
    *("home", "docs", "search", "missing", "history", "source", "files", "tree", "blob", "file", "releases", "release"),
    *("comparison", "architecture", "authors", "plain", "rename", "hostile", "big", "merge"),
)


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a site below its folder with the strict policy, and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(site)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def translate_path(self, path: str) -> str:
        inside = path[len(PREFIX) - 1 :] if path.startswith(PREFIX) else "/outside-of-the-site"
        return super().translate_path(inside)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_error(self, code: int, *_: object) -> None:
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
