"""The generic builder, on a root made of this machine's own programs: the image holds what it needs, and runs."""

import gzip
import lzma
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_machine import FakeMachine, here

KVER = "6.1.0-50-amd64"
PROGRAMS = ("busybox", "makedumpfile", "cpio", "readelf", "xz")
MISSING = [name for name in PROGRAMS if not shutil.which(name)]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not here: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root enters the image"),
]
DEPENDENCIES = """\
kernel/fs/xfs/xfs.ko.xz: kernel/lib/libcrc32c.ko
kernel/lib/libcrc32c.ko:
kernel/crypto/crc32c_generic.ko.gz:
kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
"""


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path)
    for name in ("busybox", "makedumpfile"):
        _copy(machine, Path(shutil.which(name)).resolve(), f"usr/bin/{name}")
    for library in _libraries(Path(shutil.which("makedumpfile"))):
        _copy(machine, library.resolve(), str(library).lstrip("/"))
    folder = f"lib/modules/{KVER}"
    for line in DEPENDENCIES.splitlines():
        path = line.partition(":")[0]
        body = f"module {path}".encode()
        pack = {".xz": lzma.compress, ".gz": gzip.compress}.get(Path(path).suffix, bytes)
        machine.put(f"{folder}/{path}", pack(body))
    machine.put(f"{folder}/modules.dep", DEPENDENCIES)
    machine.put(f"{folder}/modules.softdep", "softdep libcrc32c pre: crc32c\n")
    machine.put(f"{folder}/modules.alias", "alias crc32c crc32c_generic\nalias pci:v*d* xfs\n")
    machine.put(f"{folder}/modules.builtin", "kernel/net/packet/af_packet.ko\n")
    machine.config("target = xfs UUID=0b1f2a3c-1111-2222-3333-444455556666 /var/crash\nlevel = 17\n")
    return machine


def _copy(machine: FakeMachine, file: Path, to: str) -> None:
    machine.put(to, file.read_bytes()).chmod(0o755)


def _libraries(program: Path) -> list[Path]:
    lines = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.splitlines()
    words = [word for line in lines for word in line.split() if word.startswith("/")]
    return [Path(word) for word in words]


def build(machine: FakeMachine, shell: str = "dash", name: str = "image") -> Path:
    image = machine.root / name
    done = machine.run("build", "-c", "-b", "generic", "-o", str(image), KVER, shell=shell)
    assert done.returncode == 0, done.stderr
    return image


def unpacked(image: Path, folder: Path) -> Path:
    folder.mkdir()
    data = image.read_bytes()
    plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else lzma.decompress(data)
    subprocess.run(["cpio", "-idm", "--quiet"], cwd=folder, input=plain, check=True)
    return folder


def test_the_image_runs_the_tool_and_makedumpfile_with_nothing_else(machine: FakeMachine, tmp_path: Path) -> None:
    tree = unpacked(build(machine), tmp_path / "tree")
    chroot = shutil.which("chroot")
    busy = subprocess.run([chroot, tree, "/bin/busybox", "--install", "-s", "/usr/bin"], capture_output=True, text=True)
    assert busy.returncode == 0, busy.stderr
    for words, says in (
        (["/usr/bin/kdump-capture", "--version"], "kdump-capture "),
        (["/usr/bin/makedumpfile", "-v"], "makedumpfile: version"),
    ):
        done = subprocess.run([chroot, tree, *words], capture_output=True, text=True)
        assert says in done.stdout + done.stderr


def test_modules_come_unpacked_in_an_order_that_loads(machine: FakeMachine, tmp_path: Path) -> None:
    tree = unpacked(build(machine), tmp_path / "tree")
    order = [Path(line).stem for line in (tree / "etc/kdump-capture/modules").read_text().split()]
    assert order.index("crc32c_generic") < order.index("libcrc32c") < order.index("xfs")
    assert order.index("virtio") < order.index("virtio_ring") < order.index("virtio_blk")
    assert (tree / "usr/lib/modules/xfs.ko").read_bytes() == b"module kernel/fs/xfs/xfs.ko.xz"
    assert (tree / "usr/lib/modules/crc32c_generic.ko").read_bytes() == b"module kernel/crypto/crc32c_generic.ko.gz"


def test_it_carries_the_configuration_and_what_it_was_made_of(machine: FakeMachine, tmp_path: Path) -> None:
    image = build(machine)
    tree = unpacked(image, tmp_path / "tree")
    inside = (tree / "etc/kdump-capture/stage2.conf").read_text()
    assert "level = 17\n" in inside
    assert "target = xfs UUID=0b1f2a3c-1111-2222-3333-444455556666 /var/crash\n" in inside
    manifest = dict(line.split(" = ") for line in image.with_suffix(".manifest").read_text().splitlines())
    assert (manifest["builder"], manifest["kver"]) == ("generic", KVER)
    assert image.stat().st_mode & 0o077 == 0
    assert (tree / "init").readlink() == Path("usr/bin/kdump-capture")


@pytest.mark.parametrize("shell", here())
def test_the_same_inputs_give_the_same_bytes(machine: FakeMachine, shell: str) -> None:
    """Busybox' shell takes its own cpio before the system's, which numbers files otherwise."""
    first, second = build(machine, shell, "first"), build(machine, shell, "second")
    assert first.read_bytes() == second.read_bytes()
    if shell != "busybox":
        assert first.read_bytes() == build(machine, "dash", "third").read_bytes()


def test_a_missing_library_is_named(machine: FakeMachine) -> None:
    library = next(iter((machine.root / "lib").rglob("libelf.so*")), None) or next(iter(machine.root.rglob("libc.so*")))
    library.unlink()
    done = machine.run("build", "-c", "-b", "generic", "-o", str(machine.root / "image"), KVER)
    assert done.returncode == 8
    assert library.name in done.stderr
    assert not (machine.root / "image").exists()


def test_a_key_that_others_can_read_goes_into_no_image(machine: FakeMachine) -> None:
    machine.put("usr/bin/ssh", (machine.root / "usr/bin/busybox").read_bytes()).chmod(0o755)
    machine.config("target = ssh a@b /x\nnetwork = dhcp 52:54:00:12:34:56\n")
    machine.put("etc/kdump-capture/ssh_key", "secret").chmod(0o644)
    machine.put("etc/kdump-capture/known_hosts", "b ssh-ed25519 AAAA")
    done = machine.run("build", "-c", "-b", "generic", "-o", str(machine.root / "image"), KVER)
    assert done.returncode == 8
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "/dev/vda1", "-f", "xfs", "-o", "OUT", KVER],
        ["--dump-dev=/dev/vda1", "--dump-fs=xfs", "OUT", KVER],
        ["-v", "-f", "-k", f"vmlinuz-{KVER}", "-i", "OUT"],
    ],
    ids=["debian", "fedora", "suse"],
)
def test_the_command_lines_of_2005_build_the_same(machine: FakeMachine, words: list[str], tmp_path: Path) -> None:
    image = machine.root / "image"
    machine.config("target = xfs /dev/vda1 /var/crash\nbuilder = generic\n")
    given = [str(image) if word == "OUT" else word for word in words]
    done = machine.run("mkinitrd", *given, f"--root={machine.root}")
    assert done.returncode == 0, done.stderr
    tree = unpacked(image, tmp_path / "tree")
    assert "target = xfs /dev/vda1 /var/crash\n" in (tree / "etc/kdump-capture/stage2.conf").read_text()
