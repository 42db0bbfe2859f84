"""Compressed files and tars from outside, read in memory with an end to everything; nothing is unpacked to disk."""

import bz2
import lzma
import tarfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO

from generator.errors import SourceError

LARGEST_BYTES = 256 << 20  # of what a compressed file may become
LARGEST_MEMBER_BYTES = 32 << 20
MOST_MEMBERS = 100_000
XZ_MEMORY_BYTES = 128 << 20
BLOCK_BYTES = 1 << 20

_Decompressor = Callable[[], "zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor"]
KINDS: Mapping[str, _Decompressor] = {
    ".gz": lambda: zlib.decompressobj(wbits=31),
    ".bz2": bz2.BZ2Decompressor,
    ".xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY_BYTES),
    ".lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=XZ_MEMORY_BYTES),
}


def unpack(data: bytes, *, name: str, largest_bytes: int = LARGEST_BYTES) -> bytes:
    """Return what a .gz, .bz2, .xz or .lzma holds, by its name's ending; other names as they are.

    Raises SourceError when it is broken or becomes larger than `largest_bytes`.
    """
    kind = next((kind for ending, kind in KINDS.items() if name.endswith(ending)), None)
    if kind is None:
        return data
    try:
        return b"".join(_blocks(data, kind, name, largest_bytes))
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as problem:
        raise SourceError(f"{name}: is broken ({problem}): remove it and run `kdump-portal sync`") from problem


def _blocks(data: bytes, kind: _Decompressor, name: str, largest_bytes: int):
    """Yield what is in there; files that were joined are read one after the other, as gzip and xz do."""
    size = 0
    while data:
        packer = kind()
        while not packer.eof:
            block = _next(packer, data)
            data = b""
            size += len(block)
            if size > largest_bytes:
                raise SourceError(f"{name}: becomes larger than {largest_bytes >> 20} MiB: it is not read")
            if not block and not packer.eof and not getattr(packer, "unconsumed_tail", b""):
                raise EOFError("it breaks off")
            yield block
        data = packer.unused_data.lstrip(b"\0")


def _next(packer, data: bytes) -> bytes:
    if isinstance(packer, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        return packer.decompress(data, BLOCK_BYTES)
    return packer.decompress(data or packer.unconsumed_tail, BLOCK_BYTES)


def read_tar(data: bytes, *, name: str, wanted: Callable[[str], bool]) -> Mapping[str, bytes]:
    """Return path -> content of the wanted plain files of a tar, compressed or not.

    A wanted path that is a link or a device, leads out of the tar or is there twice raises SourceError, as does a tar
    that is broken or too big. What is not wanted is not looked at.
    """
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=BytesIO(unpack(data, name=name)), mode="r:") as tar:
            for number, member in enumerate(tar):
                path = member.name.removeprefix("./")
                if number > MOST_MEMBERS:
                    raise SourceError(f"{name}: has more than {MOST_MEMBERS:,} members: it is not read")
                if member.isdir() or not wanted(path):
                    continue
                _check_member(member, path, files, name)
                files[path] = tar.extractfile(member).read()
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as problem:
        raise SourceError(f"{name}: is no whole tar ({problem}): remove it and run `kdump-portal sync`") from problem
    return files


def _check_member(member: tarfile.TarInfo, path: str, files: Mapping[str, bytes], name: str) -> None:
    problem = ""
    if path.startswith("/") or ".." in path.split("/"):
        problem = "leads out of it"
    elif not member.isreg() or member.issparse():
        problem = "is no plain file"
    elif member.size > LARGEST_MEMBER_BYTES:
        problem = f"is larger than {LARGEST_MEMBER_BYTES >> 20} MiB"
    elif path in files:
        problem = "is there twice"
    if problem:
        raise SourceError(f"{name}: {path!a} {problem}: the archive is refused")
