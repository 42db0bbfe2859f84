"""collect: what came of a crash. The dumps are those that stage 2 of the same tool writes."""

import hashlib
import json
import os
import struct
from pathlib import Path

import pytest
from fake_machine import NONCE, UUID, FakeMachine, here, inspect_report

BOOT = "11111111-aaaa-bbbb-cccc-000000000001"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root collects dumps")
pytestmark = as_root


def elf_core(body: bytes) -> bytes:
    """Return a core in ELF with one segment, as /proc/vmcore has it."""
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 0, 120, 0, 0, len(body), len(body), 0) + body


class Crashed(FakeMachine):
    """A machine that a test crashed, and that came back."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder
        self.put("proc/stat", "btime 1700000100\n")
        self.put(
            "var/lib/kdump-capture/pending",
            f"nonce = {NONCE}\nboot_id = 00000000-0000\ntime = 1700000000\ntrigger = sysrq\n",
        )
        (self.root / "var/crash").mkdir(parents=True)

    def dump(self, nonce: str = NONCE) -> Path:
        """Let stage 2 write a dump to this machine's target."""
        inside = FakeMachine.__new__(FakeMachine)
        inside.root, inside.tool, inside.stubs = self.folder / f"capture-{nonce}", self.tool, self.stubs
        inside.put(
            "etc/kdump-capture/stage2.conf", "collector = cp\nmin_free_mb = 0\norigin = bench\nretain_count = 0\n"
        )
        inside.put("etc/kdump-capture/manifest", "builder = generic\ndistribution = debian-12\n")
        inside.put(
            "proc/cmdline",
            f"kdump_capture.nonce={nonce} kdump_capture.load=kexec_load kdump_capture.reserved={192 << 20} "
            "kdump_capture.memory=7812 kdump_capture.kernel=6.1.0-50-amd64\n",
        )
        self.stub("makedumpfile", "exit 1")
        core = inside.put("vmcore", elf_core(b"memory" * 100))
        before = set((self.root / "var/crash").iterdir())
        done = inside.run("stage2", f"--vmcore={core}", f"--folder={self.root}/var/crash")
        assert done.returncode == 0, done.stderr + done.stdout
        (made,) = set((self.root / "var/crash").iterdir()) - before
        return made

    def report(self, dump: Path) -> dict:
        file = self.root / f"var/lib/kdump-capture/reports/{dump.name}.json"
        inspected = inspect_report(file)
        assert inspected.returncode == 0, inspected.stdout + inspected.stderr
        return json.loads(file.read_text("utf-8"))


@pytest.fixture
def machine(tmp_path: Path) -> Crashed:
    return Crashed(tmp_path)


@pytest.mark.parametrize("shell", here())
def test_the_dump_of_the_test_is_found_verified_and_reported(machine: Crashed, shell: str) -> None:
    dump = machine.dump()
    document = machine.json("collect", shell=shell)
    assert document["exit"] == 0, document
    (found,) = document["dumps"]
    assert (found["nonce"], found["complete"], found["findings"]) == (NONCE, True, [])
    report = machine.report(dump)
    (run,) = report["runs"]
    assert [step["name"] for step in run["steps"]][-2:] == ["return", "check"]
    assert run["steps"][-2]["duration_s"] == 100
    assert run["steps"][-1]["verdict"] == "pass"
    assert run["scenario"]["dimensions"]["trigger"] == "sysrq"
    assert report["environment"]["processors"] == 2
    assert report["environment"]["command_line"] == ["crashkernel=192M"]
    assert not (machine.root / "var/lib/kdump-capture/pending").exists()
    assert machine.json("collect")["dumps"] == []


def test_a_report_names_no_machine(machine: Crashed) -> None:
    dump = machine.dump()
    machine.run("collect")
    text = json.dumps(machine.report(dump))
    for secret in ("box", UUID, BOOT, str(machine.root)):
        assert secret not in text


def test_a_name_with_quotes_and_backslashes_stays_a_string(machine: Crashed) -> None:
    machine.put("proc/cpuinfo", "processor\t: 0\nflags\t\t: hypervisor\n")
    machine.put("sys/class/dmi/id/sys_vendor", 'Evil", \\ Inc.\n')
    dump = machine.dump()
    machine.run("collect")
    assert machine.report(dump)["environment"]["machine"] == 'Evil", \\ Inc.'


def test_nothing_yet_is_pending_and_keeps_waiting(machine: Crashed) -> None:
    done = machine.run("collect")
    assert done.returncode == 10
    assert NONCE in machine.json("collect")["message"]
    assert (machine.root / "var/lib/kdump-capture/pending").exists()


def test_the_dump_of_another_crash_is_not_the_result_of_the_test(machine: Crashed) -> None:
    machine.dump("f" * 16)
    document = machine.json("collect")
    assert (document["exit"], len(document["dumps"])) == (10, 1)


def test_a_machine_that_did_not_reboot_is_told_so(machine: Crashed) -> None:
    machine.put("var/lib/kdump-capture/pending", f"nonce = {NONCE}\nboot_id = {BOOT}\n")
    assert "still the boot" in machine.json("collect")["message"]


def test_a_changed_dump_is_damaged(machine: Crashed) -> None:
    dump = machine.dump()
    core = dump / "vmcore"
    core.write_bytes(core.read_bytes() + b"x")
    document = machine.json("collect")
    assert document["exit"] == 9
    assert "differs from its SHA-256" in document["dumps"][0]["findings"][0]
    assert machine.report(dump)["runs"][0]["steps"][-1]["verdict"] == "fail"


def test_an_unfinished_dump_is_reported_as_one(machine: Crashed) -> None:
    dump = machine.dump()
    dump.rename(dump.with_name(dump.name + ".part"))
    document = machine.json("collect")
    assert document["exit"] == 9
    assert machine.report(dump)["runs"][0]["steps"][-1]["verdict"] == "fail"


def test_a_dump_whose_report_is_lost_gets_one(machine: Crashed) -> None:
    dump = machine.dump()
    (dump / "report.json").unlink()
    assert machine.json("collect")["exit"] == 9
    steps = machine.report(dump)["runs"][0]["steps"]
    assert [(step["name"], step["verdict"]) for step in steps] == [("return", "pass"), ("check", "fail")]


def test_links_and_folders_of_others_are_left_alone(machine: Crashed) -> None:
    dump = machine.dump()
    link = dump.with_name("2026-01-01T00-00-00Z-0123abcd")
    link.symlink_to("/etc")
    (machine.root / "var/crash/2026 notes").mkdir()
    assert len(machine.json("collect")["dumps"]) == 1


def test_who_is_to_know_is_told_by_a_program_that_only_root_can_change(machine: Crashed) -> None:
    dump = machine.dump()
    told = machine.put(
        "usr/local/sbin/tell", f'#!/bin/sh\nprintf "%s|" "$@" >{machine.folder}/told\nenv >>{machine.folder}/told\n'
    )
    told.chmod(0o755)
    machine.config(f"target = ext4 UUID={UUID} /var/crash\nnotify_cmd = /usr/local/sbin/tell\n")
    machine.run("collect", SECRET="x")
    said = (machine.folder / "told").read_text()
    assert said.startswith(f"{dump}|{machine.root}/var/lib/kdump-capture/reports/{dump.name}.json|pass|")
    assert "SECRET" not in said


def test_a_program_that_others_can_change_is_not_run(machine: Crashed) -> None:
    machine.dump()
    told = machine.put("usr/local/sbin/tell", f"#!/bin/sh\ntouch {machine.folder}/told\n")
    told.chmod(0o777)
    machine.config(f"target = ext4 UUID={UUID} /var/crash\nnotify_cmd = /usr/local/sbin/tell\n")
    assert "not run" in machine.run("collect").stderr
    assert not (machine.folder / "told").exists()


def test_a_target_elsewhere_is_said_not_to_have_been_looked_at(machine: Crashed) -> None:
    machine.config("target = ssh dump@server /srv/crash\n")
    assert "ssh dump@server" in machine.json("collect")["message"]


def raw_device(machine: Crashed, state: str, core: bytes) -> None:
    """Let stage 2's own writer fill a file that stands for a raw partition."""
    machine.put("dev/raw", bytes(20 << 20))
    sha = hashlib.sha256
    machine.put("core", core)
    machine.shell(
        f"work=$(mktemp -d {machine.folder}/raw.XXXXXX); device=$root/dev/raw; target_kind=raw\n"
        f"name=2026-11-26T19-00-00Z-{NONCE[:8]}; nonce={NONCE}; boot_kernel=6.1; target_line=raw; rungs=; since=0\n"
        "target_begin $name\n"
        "printf 'log' | target_put dmesg.txt; dmesg_bytes=3; "
        f"dmesg_sha256={sha(b'log').hexdigest()}\n"
        f"core_file=vmcore.elf; target_put vmcore.elf <$root/core; core_bytes={len(core)}; "
        f"core_sha256={sha(core).hexdigest()}\n"
        f"write_manifest {state} >$work/m; target_put manifest.json <$work/m\n"
        "conf_origin=local conf_level=31 conf_collector=cp boot_load= boot_reserved= boot_memory=\n"
        "write_report >$work/r; target_put report.json <$work/r; echo log | target_put capture.log\n"
        + ("target_finish\n" if state == "complete" else "_raw_header incomplete\n")
    )
    machine.config("target = raw /dev/raw\n")


def test_a_dump_is_copied_out_of_a_raw_partition(machine: Crashed) -> None:
    core = elf_core(os.urandom(100_000))
    raw_device(machine, "complete", core)
    document = machine.json("collect")
    assert document["exit"] == 0, document
    dump = Path(document["dumps"][0]["folder"])
    assert (dump / "vmcore.elf").read_bytes() == core
    assert (dump / "dmesg.txt").read_text() == "log"
    assert dump.stat().st_mode & 0o77 == 0
    assert machine.report(dump)["runs"][0]["steps"][-1]["verdict"] == "pass"
    assert machine.json("collect")["dumps"] == []


def test_an_unfinished_dump_on_a_raw_partition_stays_unfinished(machine: Crashed) -> None:
    raw_device(machine, "incomplete", elf_core(b"x" * 5000))
    document = machine.json("collect")
    assert document["exit"] == 9
    assert document["dumps"][0]["folder"].endswith(".part")


def test_uninstall_takes_what_it_made_and_leaves_the_dumps(machine: Crashed) -> None:
    dump = machine.dump()
    machine.run("collect")
    document = machine.json("uninstall")
    assert document["exit"] == 0
    assert {Path(name).suffix for name in document["removed"]} == {".img", ".manifest", ""}
    assert not list((machine.root / "var/lib/kdump-capture").glob("capture-*"))
    assert (dump / "vmcore").exists()
    assert f"{machine.root}/etc/kdump-capture.conf" in document["stays"]
