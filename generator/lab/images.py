"""Images for QEMU: a first kernel's initramfs that carries everything and needs no module, and the kernel to boot."""

import lzma
import os
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from generator.errors import SourceError
from generator.lab.packages import Root, run

LIBRARY_FOLDERS = ("usr/lib", "usr/lib64", "usr/lib32")
NEEDED_RE = re.compile(r"\(NEEDED\).*\[(.+)\]|interpreter: (\S+)\]")
MOST_LINKS = 20


def first_initramfs(
    root: Root, files: Mapping[str, bytes | Path], work: Path, out: Path, modules: Sequence[str] = ()
) -> None:
    """Write an uncompressed archive: busybox, kexec, the kernel, and `files` by their path in it; 0755 below /bin.

    Uncompressed, for under emulation unpacking costs more than reading. `modules` are put into /modules in the order in
    which they load.
    """
    tree = work / "first"
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("bin", "sbin", "dev", "proc", "sys", "tmp", "run", "etc", "var", "root"):
        (tree / folder).mkdir(parents=True)
    for program in ("usr/bin/busybox", "usr/sbin/kexec"):
        for path in _closure(root.folder, program):
            _copy(_resolve(root.folder, path), tree / path)
    (tree / "bin/busybox").symlink_to("/usr/bin/busybox")
    (tree / "bin/sh").symlink_to("/usr/bin/busybox")
    for loader in ("lib", "lib64"):
        (tree / loader).symlink_to(f"usr/{loader}")
    for number, (name, data) in enumerate(_modules(root, modules)):
        files = {**files, f"modules/{number:02}-{name}": data}
    for path, what in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, Path):
            shutil.copyfile(what, target)
        else:
            target.write_bytes(what)
        target.chmod(0o755 if "bin/" in path or path == "init" else 0o600)
    _archive(tree, out)


def add_files(image: Path, files: Mapping[str, bytes], work: Path) -> None:
    """Append programs to an image: of two files with one name the kernel takes the later."""
    tree = work / "added"
    for path, data in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)
        (tree / path).chmod(0o755)
    _archive(tree, work / "added.img")
    with image.open("ab") as file:
        # An archive begins at a multiple of four; the kernel skips zeros.
        file.write(bytes(-file.tell() % 4) + (work / "added.img").read_bytes())


def _archive(tree: Path, out: Path) -> None:
    script = 'cd "$1" && find . | sort | cpio -o -H newc -R 0:0 --quiet >"$2"'
    run(["sh", "-c", script, "sh", str(tree), str(out)])


def _modules(root: Root, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield modules, unpacked, after those that they need."""
    folder = root.folder / "usr/lib/modules" / root.kernel
    lines = (folder / "modules.dep").read_text("utf-8").splitlines()
    needs = {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}
    files = {path.rpartition("/")[2].partition(".ko")[0].replace("-", "_"): path for path in needs}
    done: set[str] = set()
    for name in names:
        for path in [*reversed(needs.get(files.get(name, ""), [])), files.get(name, "")]:
            if path and path not in done:
                done.add(path)
                data = (folder / path).read_bytes()
                plain = lzma.decompress(data) if path.endswith(".xz") else data
                yield f"{Path(path).name.partition('.ko')[0]}.ko", plain


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)


def _closure(root: Path, program: str) -> Iterator[str]:
    """Yield a program and all libraries it needs, as paths below the root; nothing is run."""
    todo, seen = [program], {program}
    while todo:
        path = todo.pop()
        yield path
        for library, loader in NEEDED_RE.findall(run(["readelf", "-W", "-d", "-l", str(_resolve(root, path))])):
            found = loader.lstrip("/") if loader else _library(root, library)
            found = re.sub(r"^(lib\w*)/", r"usr/\1/", found)
            if found not in seen:
                seen.add(found)
                todo.append(found)


def _library(root: Path, name: str) -> str:
    for folder in LIBRARY_FOLDERS:
        for pattern in (name, f"*/{name}"):
            for path in sorted((root / folder).glob(pattern)):
                return str(path.relative_to(root))
    raise SourceError(f"the packages lack the library {name}")


def _resolve(root: Path, path: str) -> Path:
    """Follow links as from inside of the root: Debian's loaders are absolute ones."""
    for _ in range(MOST_LINKS):
        file = root / path
        if not file.is_symlink():
            return file
        link = file.readlink()
        path = str(link).lstrip("/") if link.is_absolute() else str(file.parent.relative_to(root) / link)
        path = re.sub(r"^(lib\w*)/", r"usr/\1/", os.path.normpath(path))
    raise SourceError(f"{path} is a circle of links")


def bootable(root: Root, cache: Path, architecture: str) -> Path:
    """Return what QEMU boots of a root. On amd64 the ELF file within bzImage: unpacking it takes ten emulated seconds.

    QEMU enters it by the PVH note of Documentation/arch/x86/boot.rst's neighbour, Xen's PVH boot protocol.
    """
    if architecture != "amd64":
        return root.kernel_file
    out = cache / "kernels" / f"{architecture}-{root.kernel}" / "vmlinux"
    if not out.exists():
        elf = _elf_within(root.kernel_file.read_bytes())
        if elf is None:
            return root.kernel_file
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(elf)
    return out


def _elf_within(data: bytes) -> bytes | None:
    for magic, unpack in UNPACKERS.items():
        at = data.find(magic)
        while at >= 0:
            try:
                found = unpack(data[at:])
            except (lzma.LZMAError, zlib.error, subprocess.CalledProcessError, OSError):
                found = b""
            if found.startswith(b"\x7fELF"):
                return found
            at = data.find(magic, at + 1)
    return None


def _unzstd(data: bytes) -> bytes:
    # zstd complains of what follows the frame, after it gave all that is in it.
    return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=False).stdout


UNPACKERS = {
    b"\xfd7zXZ\0": lambda data: lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(data),
    b"\x28\xb5\x2f\xfd": _unzstd,
    b"\x1f\x8b\x08": lambda data: zlib.decompressobj(31).decompress(data),
}
