"""A Debian source archive of our own, signed, in a folder: what the machine's apt is led to in the tests."""

import gzip
import hashlib
import io
import lzma
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

CHANGELOG = (
    b"thing (1:1.0-1) stable; urgency=low\n\n  * X.\n\n -- Ann <ann@example.org>  Sun, 13 Sep 2020 14:26:40 +0200\n"
)
CHANGE = b"--- a/main.c\n+++ b/main.c\n@@ -1,2 +1,2 @@\n line 1\n-line 2\n+line two\n"


def tar(files: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """Return a tar of files; a TarInfo goes in as it is."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, data in files.items():
            info = data if isinstance(data, tarfile.TarInfo) else tarfile.TarInfo(name)
            content = b"" if isinstance(data, tarfile.TarInfo) else data
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def debian_part(patches: Mapping[str, bytes], **more: bytes) -> bytes:
    """Return a .debian.tar.xz with patches and their series."""
    files = {f"debian/patches/{name}": data for name, data in patches.items()}
    files.setdefault("debian/patches/series", "".join(f"{name}\n" for name in patches).encode())
    return lzma.compress(tar({"debian/changelog": CHANGELOG} | files | more))


class Archive:
    """A flat archive; `add` puts source packages into it, `publish` signs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "archive"
        self.home = folder / "gpg"
        self.home.mkdir(mode=0o700, parents=True)
        self.folder.mkdir()
        self._index: list[str] = []
        self._gpg("--quick-generate-key", "Archive <archive@example.org>", "ed25519", "sign", "never")
        self.keyring = folder / "archive.gpg"
        self.keyring.write_bytes(self._gpg("--export"))

    def _gpg(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--passphrase", ""]
        command += ["--pinentry-mode", "loopback"]
        return subprocess.run([*command, *arguments], input=stdin, capture_output=True, check=True).stdout

    def close(self) -> None:
        """Let go of gpg's agent."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], capture_output=True, check=False)

    def add(self, name: str, version: str, files: Mapping[str, bytes], form: str = "3.0 (quilt)") -> None:
        """Put a version of a package into the index."""
        for file, data in files.items():
            (self.folder / file).write_bytes(data)
        fields = f"Format: {form}\nSource: {name}\nBinary: {name}\nArchitecture: all\nVersion: {version}\n"
        fields += f"Maintainer: Jürgen <j@example.org>\nChecksums-Sha256:\n{sums(files)}Files:\n{sums(files, 'md5')}"
        dsc = f"{name}_{version.partition(':')[2] or version}.dsc"
        text = self._gpg("--clearsign", stdin=fields.encode())
        (self.folder / dsc).write_bytes(text)
        every = {dsc: text} | dict(files)
        entry = fields.replace(f"Source: {name}", f"Package: {name}").partition("Checksums-Sha256:")[0]
        self._index.append(
            f"{entry.partition(chr(10))[2].replace('Maintainer', 'Directory: .' + chr(10) + 'Maintainer')}"
            f"Format: {form}\nChecksums-Sha256:\n{sums(every)}Files:\n{sums(every, 'md5')}\n"
        )

    def publish(self, release: str = "Origin: Debian\nCodename: bookworm\nSuite: stable\nVersion: 12.5\n") -> None:
        """Write and sign the index."""
        index = "".join(self._index).encode()
        (self.folder / "Sources").write_bytes(index)
        (self.folder / "Sources.gz").write_bytes(gzip.compress(index))
        files = {name: (self.folder / name).read_bytes() for name in ("Sources", "Sources.gz")}
        text = f"{release}Date: Sun, 13 Sep 2020 12:00:00 UTC\nSHA256:\n{sums(files)}"
        (self.folder / "InRelease").write_bytes(self._gpg("--clearsign", stdin=text.encode()))

    def configure(self, folder: Path, *, style: str = "sources", options: str = "") -> dict[str, str]:
        """Write an apt configuration that installs from the archive; return the environment that names it."""
        parts = folder / "parts"
        parts.mkdir(parents=True, exist_ok=True)
        if style == "sources":
            text = f"Types: deb\nURIs: file:{self.folder}\nSuites: ./\nSigned-By: {self.keyring}\n{options}"
        else:
            text = f"deb [signed-by={self.keyring} {options}] file:{self.folder} ./\n"
        (parts / f"archive.{style}").write_text(text, "utf-8")
        file = folder / "apt.conf"
        file.write_text(f'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "{parts}";\n', "utf-8")
        return {"APT_CONFIG": str(file)}


def sums(files: Mapping[str, bytes], kind: str = "sha256") -> str:
    """Return checksum lines."""
    rows = [(hashlib.new(kind, data).hexdigest(), len(data), name) for name, data in files.items()]
    return "".join(f" {digest} {size} {name}\n" for digest, size, name in rows)


def packages_of(part: bytes, version: str = "1:1.0-1") -> dict[str, bytes]:
    """Return the files of a format 3.0 package."""
    plain = version.partition(":")[2] or version
    return {f"thing_{plain.rpartition('-')[0]}.orig.tar.gz": gzip.compress(b""), f"thing_{plain}.debian.tar.xz": part}


def clean_environment() -> dict[str, str]:
    """Return what apt needs of ours."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C"}
