"""Preview: generated files served behind the pages that MkDocs rebuilds, without copying any at each change."""

import mimetypes
from collections.abc import Callable, Iterable
from pathlib import Path

# To be read in the browser, whatever this machine's own table says.
KINDS = {".patch": "text/plain", ".diff": "text/plain", ".txt": "text/plain", "": "text/plain"}
App = Callable[[dict, Callable], Iterable[bytes]]


def preview(folder: Path, mkdocs: App, mount_path: str) -> App:
    """Return a WSGI application that answers from `folder` what is there, and lets MkDocs answer the rest."""
    top = folder.resolve()

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").removeprefix(mount_path.rstrip("/"))
        path = path.replace("\0", "\ufffd")
        file = (top / path.lstrip("/")).resolve()
        if path.endswith("/"):
            file /= "index.html"
        if not file.is_relative_to(top) or not file.is_file():
            return mkdocs(environ, start_response)
        kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        kind += "; charset=utf-8" if kind.startswith("text/") else ""
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(file.stat().st_size))])
        return [file.read_bytes()]

    return answer
