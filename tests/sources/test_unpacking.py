import bz2
import gzip
import lzma
import tarfile

import pytest
from debian_world import tar

from generator.errors import SourceError
from generator.sources import unpacking
from generator.sources.unpacking import read_tar, unpack

PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("data", [b"", b"hello", bytes(5_000_000)])
def test_every_packing_is_read(ending: str, data: bytes) -> None:
    assert unpack(PACKERS[ending](data), name=f"x{ending}") == data


def test_another_name_is_left_as_it_is() -> None:
    assert unpack(b"\x1f\x8b", name="x.patch") == b"\x1f\x8b"


@pytest.mark.parametrize("ending", [".gz", ".xz", ".bz2"])
def test_joined_files_are_read_one_after_the_other(ending: str) -> None:
    assert unpack(PACKERS[ending](b"a") + PACKERS[ending](b"b"), name=f"x{ending}") == b"ab"


@pytest.mark.parametrize("ending", PACKERS)
def test_what_breaks_off_or_is_garbage_is_an_error(ending: str) -> None:
    whole = PACKERS[ending](b"hello" * 1000)
    for data in (whole[:-12], b"garbage", whole[:20]):
        with pytest.raises(SourceError, match="is broken"):
            unpack(data, name=f"x{ending}")


@pytest.mark.parametrize("ending", PACKERS)
def test_a_bomb_is_not_unpacked(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="becomes larger than 3 MiB"):
        unpack(PACKERS[ending](bytes(50_000_000)), name=f"x{ending}", largest_bytes=3 << 20)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (member("debian/patches/../../evil"), "leads out of it"),
        (member("debian/patches/x", tarfile.SYMTYPE, "/etc/passwd"), "is no plain file"),
        (member("debian/patches/x", tarfile.LNKTYPE, "debian/y"), "is no plain file"),
        (member("debian/patches/x", tarfile.CHRTYPE), "is no plain file"),
        (member("debian/patches/x", tarfile.FIFOTYPE), "is no plain file"),
    ],
)
def test_a_wanted_member_that_is_no_plain_file_refuses_the_tar(made: tarfile.TarInfo, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        read_tar(tar({"x": made}), name="x.tar", wanted=lambda path: path.startswith("debian/patches/"))


def test_what_is_not_wanted_is_not_looked_at() -> None:
    data = tar({"x": member("/etc/evil", tarfile.SYMTYPE, "/"), "debian/a": b"a", "debian/b": b"b"})
    assert read_tar(data, name="x.tar", wanted=lambda path: path == "debian/a") == {"debian/a": b"a"}


def test_twice_is_refused_and_so_are_too_many_and_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="is there twice"):
        read_tar(tar({"a": b"1", "./a": b"2"}), name="x.tar", wanted=lambda _: True)
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 2)
    with pytest.raises(SourceError, match="more than 2 members"):
        read_tar(tar({str(number): b"" for number in range(9)}), name="x.tar", wanted=lambda _: True)
    monkeypatch.setattr(unpacking, "LARGEST_MEMBER_BYTES", 1 << 20)
    with pytest.raises(SourceError, match="is larger than 1 MiB"):
        read_tar(tar({"a": bytes(2 << 20)}), name="x.tar", wanted=lambda _: True)


def test_no_tar_is_an_error() -> None:
    for data in (b"garbage" * 1000, tar({"a": bytes(2000)})[:1000], b""):
        with pytest.raises(SourceError, match="no whole tar"):
            read_tar(data, name="x.tar", wanted=lambda _: True)
