"""The configuration is read, never run, and what is wrong in it is said by line."""

from pathlib import Path

import pytest
from fake_machine import FakeMachine, here

CONTENT = Path(__file__).parents[2] / "content/capture/index.md"


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


@pytest.mark.parametrize("shell", here())
def test_every_problem_is_said_with_its_line(machine: FakeMachine, shell: str) -> None:
    machine.config("target = ext4 /dev/vda1 /crash\nlevle = 31\n\n# fine\nlevel = 99\njust words\ntimeout = soon\n")
    done = machine.run("size", shell=shell)
    assert done.returncode == 2
    assert [line.split(":")[1] for line in done.stderr.splitlines() if "kdump-capture.conf:" in line][:4] == list(
        "2567"
    )
    assert 'unknown key "levle"' in done.stderr


@pytest.mark.parametrize("shell", here())
@pytest.mark.parametrize(
    "line",
    [
        "target = ext4 $(touch HERE) /crash",
        "target = ssh root@h;touch${IFS}HERE /crash",
        "target = ext4 /dev/vda1 /../etc",
        "target = ssh a@b /x;touch /y",
        "target = ftp://host/x",
        "target = raw",
        "target = ssh host /x",
        "cmdline_append = a\tb\x07",
        "extra_modules = ../../evil",
        "origin = Über",
        "target = ext4 /dev/vda1 /größe",
        "network = dhcp",
        "ssh_key = relative",
    ],
)
def test_what_could_do_harm_is_refused(machine: FakeMachine, shell: str, line: str) -> None:
    machine.config(line.replace("HERE", str(machine.root / "touched")) + "\n")
    assert machine.run("size", shell=shell).returncode == 2
    assert not (machine.root / "touched").exists()


@pytest.mark.parametrize("shell", here())
def test_nothing_of_it_is_ever_run(machine: FakeMachine, shell: str) -> None:
    mark = machine.root / "touched"
    machine.config(f"cmdline_append = $(touch {mark}) `touch {mark}` ;touch {mark}\nnotify_cmd = /bin/x\n")
    machine.run("size", shell=shell)
    machine.run("check", shell=shell)
    assert not mark.exists()


@pytest.mark.parametrize("shell", here())
def test_what_was_read_is_written_back_the_same(machine: FakeMachine, shell: str) -> None:
    machine.config(
        "\n".join(["target = ssh a@b:2222 /x", "target = raw /dev/disk/by-id/y", "level = 17", "origin = me"])
    )
    once = machine.shell("read_config $root$CONFIG; write_config", shell=shell)
    (machine.root / "again").write_text(once)
    assert machine.shell("read_config $root/again; write_config", shell=shell) == once
    assert once.startswith("target = ssh a@b:2222 /x\ntarget = raw /dev/disk/by-id/y\n")
    assert "level = 17\n" in once


def test_the_page_has_every_key_and_no_other(machine: FakeMachine) -> None:
    keys = set(machine.shell("echo $KEYS").split())
    table = CONTENT.read_text("utf-8").partition("## Configuration")[2].partition("## For scripts")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name.strip().strip("`") for row in rows for name in row.split(",")} == keys


@pytest.mark.parametrize("shell", here())
def test_comments_may_be_in_any_language(machine: FakeMachine, shell: str) -> None:
    machine.config("# Ziel für die Auszüge \xe4\n  # 日本語\ntarget = ext4 /dev/vda1 /crash\nlevel = 17\n")
    assert "level = 17\n" in machine.shell("read_config $root$CONFIG; write_config", shell=shell)
