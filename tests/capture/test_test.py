"""test: the crash on purpose. What it writes to is below a fake root, so nothing here can crash anything."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fake_machine import NONCE, FakeMachine, here

CRASH = ("test", "--crash-this-machine=box", "--yes")


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path)
    machine.put("proc/sysrq-trigger", "")
    machine.put("dev/kmsg", "")
    machine.stub("sleep", "exit 0")
    return machine


def refusals(machine: FakeMachine, *arguments: str) -> tuple[int, list[str]]:
    document = machine.json("test", *arguments)
    assert (machine.root / "proc/sysrq-trigger").read_text() == ""
    return document["exit"], document["against"]


def test_the_name_of_the_machine_must_be_given(machine: FakeMachine) -> None:
    code, against = refusals(machine, "--crash-this-machine=other", "--yes")
    assert (code, against) == (2, ['--crash-this-machine=other: this machine is "box"'])
    assert refusals(machine, "--yes")[0] == 2


def test_everything_that_speaks_against_it_is_said_at_once(machine: FakeMachine) -> None:
    machine.put("sys/kernel/kexec_crash_loaded", "0\n")
    machine.put("sys/kernel/kexec_crash_size", "0\n")
    machine.drop("run/kdump-capture/loaded")
    code, against = refusals(machine, "--crash-this-machine=box", "--yes")
    assert code == 1
    assert len(against) == 3
    assert "no capture kernel is loaded" in against[0]
    assert "check fails: reservation" in against[2]


def test_a_failed_check_cannot_be_forced(machine: FakeMachine) -> None:
    machine.config("")
    assert refusals(machine, "--crash-this-machine=box", "--yes")[0] == 8
    assert machine.run(*CRASH, "--force").returncode == 2


def test_a_result_that_is_pending_comes_first(machine: FakeMachine) -> None:
    machine.put("var/lib/kdump-capture/pending", "nonce = 1\n")
    assert refusals(machine, "--crash-this-machine=box", "--yes")[0] == 10


@pytest.mark.parametrize("trigger", ["nmi", "lkdtm:", "lkdtm:panic;reboot", "c"])
def test_unknown_triggers_are_refused(machine: FakeMachine, trigger: str) -> None:
    assert machine.run(*CRASH, f"--trigger={trigger}").returncode == 2


@pytest.mark.parametrize("shell", here())
def test_the_crash_itself_leaves_what_collect_needs(machine: FakeMachine, shell: str) -> None:
    trigger = machine.root / "proc/sysrq-trigger"
    trigger.unlink()
    os.mkfifo(trigger)
    machine.stub("sleep", 'exec /bin/sleep "$@"')
    env = {"PATH": f"{machine.stubs}:{os.environ['PATH']}"}
    tool = subprocess.Popen(machine.words(*CRASH, shell=shell), env=env, stdout=subprocess.DEVNULL)
    try:
        assert trigger.read_text() == "c\n"  # here a real machine is gone
        pending = (machine.root / "var/lib/kdump-capture/pending").read_text()
    finally:
        tool.kill()
        tool.wait()
    facts = dict(line.split(" = ", 1) for line in pending.splitlines())
    assert facts["nonce"] == NONCE
    assert facts["boot_id"] == "11111111-aaaa-bbbb-cccc-000000000001"
    assert abs(int(facts["time"]) - time.time()) < 60
    assert facts["trigger"] == "sysrq"
    assert f"kdump-capture: nonce {NONCE}\n" in (machine.root / "dev/kmsg").read_text()


def test_a_machine_that_survives_is_said_to_have(machine: FakeMachine) -> None:
    done = machine.run(*CRASH)
    assert done.returncode == 1
    assert "still runs" in done.stderr
    assert (machine.root / "proc/sysrq-trigger").read_text() == "c\n"
    assert not (machine.root / "var/lib/kdump-capture/pending").exists()


def test_lkdtm_writes_the_type(machine: FakeMachine) -> None:
    direct = machine.put("sys/kernel/debug/provoke-crash/DIRECT", "")
    machine.run(*CRASH, "--trigger=lkdtm:PANIC")
    assert direct.read_text() == "PANIC\n"


def test_a_cpu_that_is_not_there_is_noticed_before(machine: FakeMachine) -> None:
    done = machine.run(*CRASH, "--cpu=4096")
    assert done.returncode == 1
    assert "CPU 4096" in done.stderr
    assert (machine.root / "proc/sysrq-trigger").read_text() == ""


def test_what_one_would_wish_to_have_known_is_warned_of(machine: FakeMachine) -> None:
    machine.put("run/systemd/sessions/1", "USER=alice\n")
    machine.put("proc/mdstat", "md0 : active raid1\n  [=>...]  recovery = 12.6%\n")
    machine.put("proc/77/comm", "corosync\n")
    machine.put("proc/78/comm", "qemu-system-x86\n")
    warnings = " ".join(machine.json(*CRASH)["warnings"])
    for word in ("alice", "RAID", "corosync", "qemu-system-x86"):
        assert word in warnings


def test_the_countdown_can_be_stopped_and_then_nothing_was_done(machine: FakeMachine) -> None:
    machine.stub("sleep", 'exec /bin/sleep "$@"')
    env = {"PATH": f"{machine.stubs}:{os.environ['PATH']}"}
    words = machine.words("test", "--crash-this-machine=box")
    tool = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert tool.stdout is not None
    while "Ctrl-C" not in (line := tool.stdout.readline()):
        assert line
    time.sleep(0.2)
    os.killpg(tool.pid, signal.SIGINT)
    rest = tool.communicate(timeout=20)[0]
    assert tool.returncode == 1
    assert "nothing was done" in rest
    assert (machine.root / "proc/sysrq-trigger").read_text() == ""
    assert not (machine.root / "var/lib/kdump-capture/pending").exists()
