"""Debian packages in a root of the lab's own: fetched by the machine's apt with a private state, unpacked by dpkg.

Nothing of the machine's dpkg and apt is changed, and packages of foreign architectures need no `--add-architecture`.
apt checks the signed Release files and every sum below them; unpacked roots are kept by the packages' SHA-256.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generator.errors import SourceError
from generator.lab.architectures import ARCHITECTURES, Architecture
from generator.sources.apt import apt_words

TIMEOUT_S = 900.0
PROGRAMS = ("busybox-static", "kexec-tools", "makedumpfile")
USR_MERGED = ("bin", "sbin", "lib", "lib64")
INSTALL_RE = re.compile(r"^Inst (\S+)", re.MULTILINE)
Say = Callable[[str], None]
ANY = ARCHITECTURES[0]  # takes the machine's own suite


@dataclass(frozen=True, slots=True)
class Root:
    """Unpacked packages: a folder that is like /, the kernel's release, and versions by package."""

    folder: Path
    kernel: str
    versions: dict[str, str]

    @property
    def kernel_file(self) -> Path:
        return next(
            path for name in ("vmlinuz", "vmlinux") if (path := self.folder / "boot" / f"{name}-{self.kernel}").exists()
        )


def unpack_root(cache: Path, architecture: Architecture, say: Say, extra: Sequence[str] = ()) -> Root:
    """Return the root with the kernel and the programs that a capture needs. Raises SourceError in apt's words."""
    apt = _Apt(cache / "apt" / f"{architecture.name}-{architecture.suite or 'host'}", architecture)
    wanted = (architecture.kernel_package, *PROGRAMS, *extra)
    debs = apt.fetch(wanted, say)
    digest = hashlib.sha256()
    for deb in debs:
        digest.update(f"{deb.name}\0{hashlib.sha256(deb.read_bytes()).hexdigest()}\0".encode())
    folder = cache / "roots" / f"{architecture.name}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        say(f"{architecture.name}: unpacking {len(debs)} packages")
        _unpack(debs, folder)
    return Root(folder, _kernel(folder), dict(_version(deb) for deb in debs))


def _unpack(debs: Iterable[Path], folder: Path) -> None:
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    # Debian 13's packages come with merged folders, older ones without: links made first, and kept, serve both.
    for name in USR_MERGED:
        (new / "usr" / name).mkdir(parents=True)
        (new / name).symlink_to(f"usr/{name}")
    for deb in debs:
        tar = new / "data.tar"
        run(["sh", "-c", 'exec dpkg-deb --fsys-tarfile "$1" >"$2"', "sh", str(deb), str(tar)])
        run(["tar", "-x", "--keep-directory-symlink", "-f", str(tar), "-C", str(new)])
        tar.unlink()
    run(["depmod", "-b", str(new), _kernel(new)])
    new.rename(folder)


def _kernel(folder: Path) -> str:
    kernels = sorted(path.name for path in (folder / "usr/lib/modules").iterdir())
    if not kernels:
        raise SourceError("the packages hold no kernel")
    return kernels[-1]


def _version(deb: Path) -> tuple[str, str]:
    name, version, _ = deb.stem.split("_")
    return name, version.replace("%3a", ":")


class _Apt:
    """apt-get with a state in a folder of ours, for one architecture and suite."""

    def __init__(self, folder: Path, architecture: Architecture) -> None:
        for inner in ("state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d",
                      "etc/trusted.gpg.d", "etc/sources.list.d", "debs"):  # fmt: skip
            (folder / inner).mkdir(parents=True, exist_ok=True)
        (folder / "state/status").touch()
        self.folder = folder
        self.architecture = architecture
        write_sources(folder / "etc/sources.list.d", architecture)

    def fetch(self, packages: Sequence[str], say: Say) -> tuple[Path, ...]:
        """Return the packages' files with those of the libraries they need, fetched when they are not there."""
        if not list((self.folder / "state/lists").glob("*Packages*")):
            say(f"{self.architecture.name}: reading the archive's index")
            self._update(say)
        names = set(INSTALL_RE.findall(self._run("--simulate", "--no-install-recommends", "install", *packages)))
        kept = sorted(
            name.partition(":")[0]
            for name in names
            if name.partition(":")[0] in packages or name.startswith(("lib", "zlib1g", "linux-image"))
        )
        uris = self._run("--print-uris", "download", *kept)
        files = [word.split()[1] for word in uris.splitlines() if word.startswith("'")]
        missing = [file.partition("_")[0] for file in files if not (self.folder / "debs" / file).exists()]
        if missing:
            say(f"{self.architecture.name}: fetching {len(missing)} packages")
            self._run("download", *missing, folder=self.folder / "debs")
        return tuple(sorted(self.folder / "debs" / file for file in files))

    def _update(self, say: Say) -> None:
        """Read what there is. A mirror whose security part is out of step still has the release."""
        try:
            self._run("update")
        except SourceError as problem:
            if not list((self.folder / "state/lists").glob("*Packages*")):
                raise
            say(f"{self.architecture.name}: going on without a part of the index: {problem}")

    def _run(self, *words: str, folder: Path | None = None) -> str:
        return run([*self._command(), *words], folder or self.folder)

    def _command(self) -> list[str]:
        said = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "state/status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc": self.folder / "etc",
            "APT::Architecture": self.architecture.name,
            "APT::Architectures::": self.architecture.name,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        return ["apt-get", "-qq", *(word for name, value in said.items() for word in ("-o", f"{name}={value}"))]


def linked_root(root: Root, work: Path) -> Root:
    """Return a copy of a root, made of links: a file that is to differ must be removed before it is written."""
    folder = work / "root"
    run(["cp", "-al", str(root.folder), str(folder)])
    return replace(root, folder=folder)


def codename_of(architecture: Architecture) -> str:
    """Return the suite that an architecture is taken from: its own, or the machine's."""
    lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    release = dict(line.partition("=")[::2] for line in lines if "=" in line)
    return architecture.suite or release.get("VERSION_CODENAME", "").strip('"')


def write_sources(target: Path, architecture: Architecture) -> tuple[Path, ...]:
    """Write the sources of the machine's own Debian into a folder, for the suite of the architecture.

    Raises SourceError when apt has none: the lab names no host itself.
    """
    own = codename_of(ANY)
    written = []
    for file in sorted([Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]):
        text = file.read_text("utf-8") if file.is_file() and file.suffix in (".list", ".sources") else ""
        if own and re.search(rf"\b{own}(-security|-updates)?\b(?!\S)", text) and "debian" in text:
            text = text.replace(own, codename_of(architecture))
            (target / file.name).write_text(text, "utf-8")
            written.append(target / file.name)
    if not written:
        raise SourceError("apt has no sources of this machine's Debian: the lab takes its kernels from there")
    return tuple(written)


def apt_sources(cache: Path, architecture: Architecture) -> tuple[str, tuple[Path, ...]]:
    """Return the suite, and files with the sources for it."""
    folder = cache / "apt" / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    return codename_of(architecture), write_sources(folder, architecture)


def run(command: Sequence[str], folder: Path | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """Return what a command prints. Raises SourceError with its own words when it fails."""
    environment = os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, env=environment
        )
    except FileNotFoundError as problem:
        raise SourceError(f"{command[0]} is not installed") from problem
    except subprocess.TimeoutExpired as problem:
        raise SourceError(f"{command[0]} did not come to an end in {timeout_s:.0f} s") from problem
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        words = apt_words(said) if command[0] == "apt-get" else said.strip()[-600:]
        raise SourceError(f"{command[0]} ended with {done.returncode}: {words}")
    return done.stdout.decode("utf-8", "replace")
