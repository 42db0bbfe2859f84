"""size: a sum that adds up, what of it is known and what is guessed, and measurements before both."""

import gzip
from pathlib import Path

import pytest
from fake_machine import KVER, FakeMachine, here

REPORT = (
    '{"schema":"kdump-report/1","runs":[{"steps":[{"name":"reserve","verdict":"pass","numbers":'
    '[{"name":"reserved","value":192,"unit":"MB"},{"name":"capture memory","value":150,"unit":"MB"},'
    '{"name":"minimum available memory","value":%d,"unit":"MB"}]}]}]}\n'
)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def parts(document: dict) -> dict[str, dict]:
    return {part["name"]: part for part in document["parts"]}


@pytest.mark.parametrize("shell", here())
def test_the_sum_is_of_its_parts_in_every_shell(machine: FakeMachine, shell: str) -> None:
    document = machine.json("size", shell=shell)
    total = sum(part["mb"] for part in document["parts"])
    assert total <= document["sum_mb"] < total + 16
    assert document["sum_mb"] % 16 == 0
    assert document["measured_mb"] is None
    assert {part["how"] for part in document["parts"]} <= {"measured", "estimate", "computed"}


def test_the_running_kernel_is_measured(machine: FakeMachine) -> None:
    assert parts(machine.json("size"))["kernel"] | {"source": ""} == {
        "name": "kernel",
        "mb": 16 + 8 + 4 + 2 + 1,
        "how": "measured",
        "source": "",
    }


def test_without_addresses_the_kernel_is_asked_of_its_header(machine: FakeMachine) -> None:
    machine.put("proc/iomem", "00000000-00000000 : Kernel code\n")
    head = bytearray(1024)
    head[514:518] = b"HdrS"
    head[608:612] = (50 << 20).to_bytes(4, "little")
    machine.put(f"boot/vmlinuz-{KVER}", bytes(head))
    kernel = parts(machine.json("size"))["kernel"]
    assert (kernel["mb"], kernel["how"]) == (51, "measured")
    assert f"/boot/vmlinuz-{KVER}" in kernel["source"] and str(machine.root) not in kernel["source"]


def test_an_image_is_unpacked_to_be_measured(machine: FakeMachine) -> None:
    machine.put(f"var/lib/kdump-capture/capture-{KVER}.img", gzip.compress(bytes(30 << 20)))
    image = parts(machine.json("size"))["capture image"]
    assert (image["mb"], image["how"]) == (1 + 31, "measured")


def test_what_a_dump_needed_beats_the_sum(machine: FakeMachine) -> None:
    machine.put("var/lib/kdump-capture/reports/a.json", REPORT % 100)
    machine.put("var/lib/kdump-capture/reports/b.json", REPORT % 72)
    document = machine.json("size")
    assert document["measured_mb"] == 160  # 192 - 72, a quarter more, rounded up to 16
    assert document["advice"] == "crashkernel=160M"


def test_the_default_of_the_distribution_is_taken_when_it_is_larger(machine: FakeMachine) -> None:
    document = machine.json("size")
    assert (document["default"], document["default_mb"]) == ("512M-:192M", 192)
    assert document["advice"] == "crashkernel=512M-:192M"
    machine.put("etc/default/grub.d/kdump-tools.cfg", 'GRUB_CMDLINE="$GRUB_CMDLINE crashkernel=384M-:640M"\n')
    assert machine.json("size")["advice"] == "crashkernel=384M-:640M"


@pytest.mark.parametrize(
    ("distribution", "arch", "memory", "granted"),
    [
        ("fedora", "x86_64", 8000000, 256),
        ("rhel", "aarch64", 8000000, 320),
        ("rhel", "ppc64le", 30000000, 1024),
        ("opensuse-leap", "x86_64", 8000000, None),
    ],
)
def test_defaults_are_of_distribution_and_architecture(
    machine: FakeMachine, distribution: str, arch: str, memory: int, granted: int | None
) -> None:
    machine.put("etc/os-release", f"ID={distribution}\n")
    machine.arch(arch)
    machine.put("proc/meminfo", f"MemTotal: {memory} kB\n")
    assert machine.json("size")["default_mb"] == granted


def test_people_read_where_it_comes_from_and_what_to_do(machine: FakeMachine) -> None:
    said = machine.run("size").stdout
    assert "measured  code, rodata, data and bss in /proc/iomem" in said
    assert "not measured yet" in said
    assert "update-grub" in said
