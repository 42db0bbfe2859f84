"""Source packages through the machine's own apt, with lists and downloads of our own: apt-get(8), apt.conf(5).

Where apt installs from, there the sources are looked for too, with the same keys; apt checks the signed Release
files and every sum below them. Nothing of the machine's apt is changed, and no address is written anywhere.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.errors import SourceError
from generator.parse.apt_sources import source_lines, source_paragraphs
from generator.parse.deb822 import parse_deb822
from generator.render.escape import decode

NEEDED = ("apt-get", "apt-config")
UPDATE_TIMEOUT_S = 900.0
TIMEOUT_S = 300.0
LARGEST_INDEX_BYTES = 1 << 30
OPTIONS = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Acquire::GzipIndexes": "false",  # the index of sources is read by us
    "Acquire::Languages": "none",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "30",
    "Acquire::https::Timeout": "30",
    "Acquire::AllowInsecureRepositories": "false",
    "Acquire::AllowDowngradeToInsecureRepositories": "false",
    "APT::Get::AllowUnauthenticated": "false",
    "APT::Get::Only-Source": "true",
    "APT::Update::Error-Mode": "any",  # a network that is away is told, not passed over
}


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A version of a source package that apt knows, and where from."""

    package: str
    version: str
    distribution: str  # such as "Debian 12", "" when the archive does not say


class Apt:
    """Apt with a state of its own in a folder of ours. Raises SourceError when there is no apt here."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in NEEDED if not shutil.which(name)]
        if missing:
            raise SourceError(f"{missing[0]} is not installed here: Debian packages stay as they were")
        self.folder = folder.resolve()
        self._parts = self.folder / "sources"
        for inner in ("lists/partial", "cache/archives/partial"):
            (self.folder / inner).mkdir(parents=True, exist_ok=True)

    def update(self) -> None:
        """Fetch the indexes of sources. Raises SourceError when that went wrong, which mostly leaves older ones."""
        self._write_sources()
        self._run(["apt-get", *self._options(), "--quiet", "update"], self.folder, UPDATE_TIMEOUT_S)

    def known(self, packages: Collection[str]) -> tuple[KnownSource, ...]:
        """Return every version of the packages that the indexes name, each once."""
        output = self._run(["apt-get", *self._options(), "indextargets", "Created-By: Sources"], self.folder, TIMEOUT_S)
        found: dict[tuple[str, str], KnownSource] = {}
        for target in parse_deb822(output, source="apt-get indextargets"):
            for package, version in _index_versions(Path(target.get("filename", "")), packages):
                found.setdefault((package, version), KnownSource(package, version, distribution_of(target)))
        return tuple(found.values())

    def download(self, package: str, version: str, part: str, folder: Path) -> None:
        """Fetch the `dsc` or the `diff` (what Debian adds) of a source package into a folder; apt checks its sums."""
        words = ["--quiet", "source", "--download-only", f"--{part}-only", f"{package}={version}"]
        self._run(["apt-get", *self._options(), *words], folder, TIMEOUT_S)
        for link in [file for file in folder.iterdir() if file.is_symlink()]:  # what apt makes of an archive on disk
            data = link.read_bytes()
            link.unlink()
            link.write_bytes(data)

    def _options(self) -> list[str]:
        own = {
            "Dir::Etc::sourceparts": str(self._parts),
            "Dir::State::Lists": str(self.folder / "lists"),
            "Dir::Cache": str(self.folder / "cache"),
            "Dir::State::status": os.devnull,
        }
        if os.geteuid() == 0:
            own["APT::Sandbox::User"] = "root"  # the user _apt may not write into our folder
        return [word for name, value in (OPTIONS | own).items() for word in ("-o", f"{name}={value}")]

    def _write_sources(self) -> None:
        """Derive our sources from the machine's."""
        text = self._run(
            ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"],
            self.folder, TIMEOUT_S,
        )  # fmt: skip
        places = dict(word.partition("=")[::2] for word in shlex.split(text))
        shutil.rmtree(self._parts, ignore_errors=True)
        self._parts.mkdir()
        written = 0
        for number, file in enumerate(_source_files(places)):
            derived = _derived(file)
            if derived:
                (self._parts / f"{number:03}{file.suffix}").write_text(derived, "utf-8")
                written += 1
        if not written:
            raise SourceError("apt has no sources configured here: Debian packages stay as they were")

    def _run(self, command: Sequence[str], folder: Path, timeout_s: float) -> str:
        """Return what a command prints. Raises SourceError in apt's words, without hosts and folders."""
        environment = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, env=environment
            )
        except subprocess.TimeoutExpired as problem:
            raise SourceError(f"{command[0]} did not come to an end in {timeout_s:.0f} s") from problem
        if done.returncode:
            raise SourceError(apt_words(decode(done.stderr)))
        return decode(done.stdout)


def _source_files(places: dict[str, str]) -> Iterator[Path]:
    """Yield the files that apt reads its sources from, in its order."""
    single = Path(places.get("LIST") or os.devnull)
    if single.is_file():
        yield single
    folder = Path(places.get("PARTS") or os.devnull)
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if file.suffix in (".list", ".sources"))


def _derived(file: Path) -> str:
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as problem:
        raise SourceError(f"{file.name}: cannot be read: {problem.strerror or problem}") from problem
    return source_paragraphs(text, source=file.name) if file.suffix == ".sources" else source_lines(text)


COMPLAINT_RE = re.compile(r"^(?:E: |W: (?=Failed))(.*)", re.MULTILINE)
ADDRESS_RE = re.compile(r"\b[a-z+]+:(?://)?/[^\s']*/|\s*\[IP: [^\]]*\]|'?(?:/[\w.+-]+){2,}/'?")

HOST_RE = re.compile(
    r"((?:resolv|connect)[a-z]*(?: to)?) '?[\w.-]+(?::\w*)*'?(?: \([\da-f.:]+\))?\.?(?: - )?", re.IGNORECASE
)


def apt_words(errors: str) -> str:
    """Return apt's complaints as one line without addresses and folders, of which it names many."""
    said = [HOST_RE.sub(r"\1 its host", ADDRESS_RE.sub("", words)).strip() for words in COMPLAINT_RE.findall(errors)]
    return "; ".join(dict.fromkeys(said)) or "apt gave no reason"


def distribution_of(target: dict[str, str]) -> str:
    """Return a distribution's name and release as its Release file says: "Debian 12", "Ubuntu 24.04", "Debian sid"."""
    origin, codename = target.get("origin", ""), target.get("codename", "")
    version = re.match(r"\d+(?:\.\d+)*", target.get("version", ""))
    if version:
        number = version[0].partition(".")[0] if origin == "Debian" else version[0]
        return f"{origin} {number}".strip()
    return f"{origin} {codename}".strip()


PACKAGE_RE = re.compile(r"[a-z0-9][a-z0-9+.-]{1,99}")
VERSION_RE = re.compile(r"(?:\d{1,9}:)?[0-9][A-Za-z0-9.+~-]{0,99}")


def _index_versions(file: Path, packages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (package, version) of the wanted packages in an index of sources, a paragraph each."""
    wanted = {f"Package: {package}\n".encode(): package for package in packages}
    try:
        if file.stat().st_size > LARGEST_INDEX_BYTES:
            raise SourceError("an index of sources is larger than 1 GiB: it is not read")
        with file.open("rb") as stream:
            package = ""
            for line in stream:
                if line.startswith(b"Package: "):
                    package = wanted.get(line, "")
                elif package and line.startswith(b"Version: "):
                    version = decode(line[9:].strip())
                    if VERSION_RE.fullmatch(version):
                        yield package, version
                elif line == b"\n":
                    package = ""
    except FileNotFoundError:
        return
    except OSError as problem:
        raise SourceError(f"apt's index of sources cannot be read: {problem.strerror or problem}") from problem
