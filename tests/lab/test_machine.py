"""A machine is listened to until it ends, is stopped, or time is up; whatever it does, it is gone afterwards."""

import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from generator.lab import machine
from generator.lab.architectures import ARCHITECTURES
from generator.lab.machine import Boot, command, missing_programs, run_machine


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    return Boot(kernel=tmp_path / "kernel", initramfs=tmp_path / "initramfs", command_line="", timeout_s=5)


def emulator(tmp_path: Path, script: str):
    """Return an architecture whose emulator is a script."""
    file = tmp_path / "qemu"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return replace(ARCHITECTURES[0], emulator=str(file))


def test_its_lines_come_with_their_time_and_are_kept(boot: Boot, tmp_path: Path) -> None:
    log = tmp_path / "log"
    session = run_machine(emulator(tmp_path, "echo one; sleep 0.3; printf 'two\\r\\n'; printf half"), boot, log)
    assert session.end == "ended"
    assert [line.text for line in session.lines] == ["one", "two", "half"]
    assert session.lines[1].at_s - session.lines[0].at_s >= 0.2
    assert "two" in log.read_text()


def test_the_watcher_ends_it_as_a_power_cut_does(boot: Boot, tmp_path: Path) -> None:
    one = emulator(tmp_path, f"echo now; sleep 60; touch {tmp_path}/lived-on")
    session = run_machine(one, boot, tmp_path / "log", lambda line: line.text == "now")
    assert session.end == "stopped"
    assert session.seconds < 5


def test_one_that_hangs_is_ended_when_time_is_up(boot: Boot, tmp_path: Path) -> None:
    started = time.monotonic()
    one = emulator(tmp_path, "echo hanging; exec sleep 600")
    session = run_machine(one, replace(boot, timeout_s=1.0), tmp_path / "log")
    assert session.end == "timeout"
    assert time.monotonic() - started < 5


def test_one_that_floods_its_console_is_ended(boot: Boot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MOST_CONSOLE", 1 << 20)
    session = run_machine(emulator(tmp_path, "exec yes"), boot, tmp_path / "log")
    assert session.end == "flooded"
    assert (tmp_path / "log").stat().st_size < 16 << 20


def test_the_command_line_says_what_was_asked_for(boot: Boot) -> None:
    words = command(ARCHITECTURES[0], replace(boot, processors=2, memory_mb=512, crashkernel="96M"))
    line = words[words.index("-append") + 1]
    assert "crashkernel=96M" in line.split()
    assert words[words.index("-m") + 1] == "512"
    assert "tcg,thread=multi" in words


def test_what_is_not_installed_is_named() -> None:
    emulators = ARCHITECTURES[:1]
    assert missing_programs(emulators, lambda name: True) == ()
    assert missing_programs(emulators, lambda name: name != "qemu-system-x86_64") == ("qemu-system-x86_64",)
