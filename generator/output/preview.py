"""Preview: generated files served behind the pages that MkDocs rebuilds, without copying any at each change."""

import mimetypes
from collections.abc import Callable, Iterable
from pathlib import Path

App = Callable[[dict, Callable], Iterable[bytes]]


def preview(folder: Path, mkdocs: App, mount_path: str) -> App:
    """Return a WSGI application that answers from `folder` what is there, and lets MkDocs answer the rest."""
    top = folder.resolve()

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").removeprefix(mount_path.rstrip("/"))
        file = (top / path.lstrip("/")).resolve()
        if path.endswith("/"):
            file /= "index.html"
        if not file.is_relative_to(top) or not file.is_file():
            return mkdocs(environ, start_response)
        kind = mimetypes.guess_type(file.name)[0] or "text/plain"
        kind += "; charset=utf-8" if kind.startswith("text/") else ""
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(file.stat().st_size))])
        return [file.read_bytes()]

    return answer
