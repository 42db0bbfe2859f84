"""check: what stands between a machine and its dump, in the order in which it is to be mended."""

import os
import pty
import re
import resource
import subprocess
from pathlib import Path

import pytest
from fake_machine import CONFIGS, EFI, KVER, UUID, FakeMachine, here, pe_kernel


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


@pytest.mark.parametrize("shell", here())
def test_a_healthy_machine_passes_in_every_shell(machine: FakeMachine, shell: str) -> None:
    document = machine.json("check", shell=shell)
    assert (document["exit"], document["failures"], document["warnings"]) == (0, 0, 0), document["items"]
    assert {item["verdict"] for item in document["items"]} == {"pass", "skip"}
    said, as_dash = (machine.run("check", shell=each).stdout for each in (shell, "dash"))
    free = re.compile("[0-9]+ MB free")
    assert free.sub("", said) == free.sub("", as_dash)
    assert "kdump-capture test --crash-this-machine=box" in said


def test_it_changes_nothing(machine: FakeMachine) -> None:
    before = machine.files()
    machine.run("check")
    assert machine.files() == before


def test_without_a_reservation_a_reboot_comes_first(machine: FakeMachine) -> None:
    machine.put("sys/kernel/kexec_crash_size", "0\n")
    machine.put("sys/kernel/kexec_crash_loaded", "0\n")
    machine.put("proc/cmdline", "root=/dev/vda1\n")
    document = machine.json("check")
    assert document["exit"] == 4
    assert document["message"].startswith("reservation: nothing is reserved")
    fix = machine.item("reservation")["fix"]
    assert "crashkernel=" in fix and "update-grub" in fix
    last = " ".join(machine.run("check").stdout.split("\n\n")[-1].split())
    assert f"first: {fix}" in last


def test_a_reservation_that_was_asked_for_in_vain_is_told_apart(machine: FakeMachine) -> None:
    machine.put("sys/kernel/kexec_crash_size", "0\n")
    machine.put("proc/cmdline", "crashkernel=64G-:1G\n")
    assert "crashkernel=64G-:1G was asked for and nothing was granted" in machine.item("reservation")["found"]


def test_less_than_was_asked_for_is_a_warning(machine: FakeMachine) -> None:
    machine.put("proc/cmdline", "crashkernel=512M\n")
    assert machine.item("reservation")["verdict"] == "warn"


def test_the_sysfs_names_of_6_19_are_read(machine: FakeMachine) -> None:
    machine.drop("sys/kernel/kexec_crash_size")
    machine.drop("sys/kernel/kexec_crash_loaded")
    machine.put("sys/kernel/kexec/crash_size", f"{192 << 20}\n")
    machine.put("sys/kernel/kexec/crash_loaded", "1\n")
    assert machine.json("check")["exit"] == 0


def test_a_kernel_without_kexec_is_not_supported(machine: FakeMachine) -> None:
    machine.kernel(KVER, "BLK_DEV_INITRD EXT4_FS", b"")
    document = machine.json("check")
    assert document["exit"] == 3
    assert "CONFIG_KEXEC and CONFIG_KEXEC_FILE are off" in document["message"]


@pytest.mark.parametrize("mode", ["integrity", "confidentiality"])
def test_lockdown_wants_a_signed_kernel(machine: FakeMachine, mode: str) -> None:
    machine.put("sys/kernel/security/lockdown", f"none [{mode}]\n")
    machine.put(EFI.format("SecureBoot"), b"\6\0\0\0\1")
    machine.put(EFI.format("SetupMode"), b"\6\0\0\0\0")
    document = machine.json("check")
    assert document["exit"] == 7
    assert f"lockdown is {mode}" in document["message"] and "is not signed" in document["message"]
    assert "Secure Boot: on" in document["message"]
    machine.kernel(KVER, CONFIGS, pe_kernel(signed=True))
    assert machine.json("check")["exit"] == 0
    machine.kernel(KVER, CONFIGS.replace("KEXEC_FILE ", ""), pe_kernel(signed=True))
    assert "no kexec_file_load" in machine.json("check")["message"]


def test_secure_boot_without_lockdown_is_only_said(machine: FakeMachine) -> None:
    machine.put(EFI.format("SecureBoot"), b"\6\0\0\0\1")
    assert machine.item("signature") | {"fix": ""} == {
        "id": "signature",
        "verdict": "pass",
        "title": "signature",
        "found": "not asked for (Secure Boot: on; lockdown: none)",
        "fix": "",
    }


def test_loading_that_was_switched_off_is_refused_unless_it_is_loaded(machine: FakeMachine) -> None:
    machine.put("proc/sys/kernel/kexec_load_disabled", "1\n")
    assert machine.item("load_disabled")["verdict"] == "warn"
    machine.put("sys/kernel/kexec_crash_loaded", "0\n")
    assert machine.json("check")["exit"] == 7


def test_a_load_limit_of_nothing_is_refused(machine: FakeMachine) -> None:
    machine.put("proc/sys/kernel/kexec_load_limit_panic", "0\n")
    machine.put("sys/kernel/kexec_crash_loaded", "0\n")
    assert machine.json("check")["exit"] == 7


def test_fadump_is_another_way(machine: FakeMachine) -> None:
    machine.arch("ppc64le")
    machine.put("sys/kernel/kexec_crash_size", "0\n")
    machine.put("sys/kernel/fadump/enabled", "1\n")
    machine.put("sys/kernel/fadump/registered", "1\n")
    assert machine.item("reservation")["verdict"] == "pass"
    assert "fadump=off" in machine.item("fadump")["fix"]
    machine.put("sys/kernel/fadump/registered", "0\n")
    assert machine.item("reservation")["verdict"] == "fail"


def test_s390_with_secure_ipl_wants_an_appended_signature(machine: FakeMachine) -> None:
    machine.arch("s390x")
    machine.put("sys/firmware/ipl/secure", "1\n")
    machine.kernel(KVER, CONFIGS, b"kernel")
    assert machine.json("check")["exit"] == 7
    machine.kernel(KVER, CONFIGS, b"kernel~Module signature appended~\n")
    assert machine.json("check")["exit"] == 0
    machine.put("sys/kernel/kexec_crash_size", "0\n")
    assert "zipl" in machine.item("reservation")["fix"]


def test_arm64_without_symbols_loads_garbage_and_is_stopped(machine: FakeMachine) -> None:
    machine.arch("aarch64")
    machine.kernel(KVER, CONFIGS.replace("KALLSYMS_ALL", "").replace("KEXEC_FILE", ""), b"Image")
    assert machine.item("kallsyms_all")["verdict"] == "fail"
    assert machine.json("check")["exit"] == 3


def test_a_changed_configuration_makes_the_image_stale(machine: FakeMachine) -> None:
    machine.config(f"target = ext4 UUID={UUID} /elsewhere\n")
    document = machine.json("check")
    assert document["exit"] == 8
    assert "the configuration has changed" in document["message"]


def test_a_newer_kernel_file_makes_the_image_stale(machine: FakeMachine) -> None:
    os.utime(machine.root / f"boot/vmlinuz-{KVER}", (2**32, 2**32))
    assert "the kernel's file is newer" in machine.item("image")["found"]


def test_an_image_that_was_rebuilt_must_be_loaded_again(machine: FakeMachine) -> None:
    machine.put("run/kdump-capture/loaded", f"nonce = 1\nimage_sha256 = {'bb' * 32}\n")
    assert machine.item("loaded")["found"] == "an older image is loaded"


def test_what_another_tool_loaded_is_said(machine: FakeMachine) -> None:
    machine.drop("run/kdump-capture/loaded")
    wants = machine.root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "kdump-tools.service").symlink_to("/lib/systemd/system/kdump-tools.service")
    assert "kdump-tools.service" in machine.item("others")["found"]
    assert machine.item("loaded")["verdict"] == "warn"


def test_a_target_on_an_encrypted_disk_fails_even_below_lvm(machine: FakeMachine) -> None:
    machine.put("sys/class/block/vda1/dm/uuid", "LVM-abc\n")
    assert "LVM or RAID" in machine.item("target")["found"]
    machine.put("sys/class/block/dm-1/dm/uuid", "CRYPT-LUKS2-def\n")
    (machine.root / "sys/class/block/vda1/slaves/dm-1").mkdir(parents=True)
    assert "is encrypted" in machine.item("target")["found"]
    assert machine.json("check")["exit"] == 5


def test_a_target_that_is_not_there_fails(machine: FakeMachine) -> None:
    (machine.root / "dev/disk/by-uuid" / UUID).unlink()
    assert machine.json("check")["exit"] == 5


def test_without_a_target_one_that_would_work_is_proposed(machine: FakeMachine) -> None:
    machine.config("")
    machine.put("proc/mounts", "/dev/vda1 / ext4 rw 0 0\n/dev/vda2 /var xfs rw 0 0\n")
    machine.put("dev/vda2", "")
    (machine.root / "dev/disk/by-uuid/abcd").symlink_to("../../vda2")
    assert machine.item("target")["fix"] == "echo 'target = xfs UUID=abcd /crash' >> /etc/kdump-capture.conf"


def test_a_read_only_target_is_a_warning(machine: FakeMachine) -> None:
    machine.put("proc/mounts", "/dev/vda1 / ext4 ro,relatime 0 0\n")
    assert machine.item("target")["verdict"] == "warn"


def test_little_space_is_said_with_the_numbers(machine: FakeMachine) -> None:
    machine.stub("df", "echo Filesystem; echo x 100 100 2048000 1% /")
    assert machine.item("space")["found"].startswith("2000 MB free, all memory is 7812 MB")


def test_keys_of_an_ssh_target_are_looked_at(machine: FakeMachine) -> None:
    machine.config("target = ssh dump@server:2222 /srv/crash\n")
    assert "ssh-keygen" in machine.item("target")["fix"]
    key = machine.put("etc/kdump-capture/ssh_key", "secret")
    key.chmod(0o644)
    assert "chmod 600" in machine.item("target")["fix"]
    key.chmod(0o600)
    assert "is not in" in machine.item("target")["found"]
    machine.put("etc/kdump-capture/known_hosts", "[server]:2222 ssh-ed25519 AAAA\n")
    machine.put("usr/bin/ssh", "")
    assert machine.item("target")["verdict"] == "skip"


def test_names_from_outside_cannot_talk_to_the_terminal(machine: FakeMachine) -> None:
    machine.put("sys/class/dmi/id/sys_vendor", "Evil\x1b[2J\x07\n")
    machine.put("proc/cpuinfo", "processor\t: 0\nflags\t\t: hypervisor\n")
    assert "\x1b" not in machine.run("check").stdout
    assert machine.item("virtual")["found"] == "hypervisor: Evil\x1b[2J\x07"


@pytest.mark.parametrize(
    ("environment", "coloured"), [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False), ({}, False)]
)
def test_colour_is_for_a_terminal_that_wants_it(machine: FakeMachine, environment: dict, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], **environment}
    subprocess.run(machine.words("check"), stdout=theirs, env=env, check=True, timeout=60)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert ("\x1b[" in said) is coloured
    assert "[+] pass" in said


def test_the_document_is_complete_for_a_wrong_option_too(machine: FakeMachine) -> None:
    document = machine.json("check", "--frobnicate")
    assert (document["exit"], document["command"]) == (2, "check")


def test_this_machine_is_checked_within_a_second(machine: FakeMachine) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["dash", str(machine.tool), "check"], capture_output=True, check=False, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


@pytest.mark.parametrize(
    ("spec", "memory", "granted"),
    [
        ("256M", 1024, "256"),
        ("1G@16M", 1024, "1024"),
        ("262144K", 1024, "256"),
        ("512M-:192M", 300, "0"),
        ("512M-:192M", 500, "192"),  # rounded up to 128 MB, as the kernel does
        ("2G-64G:256M,64G-:512M", 65535, "512"),
        ("2G-64G:256M,64G-:512M", 24000, "256"),
        ("512M,high", 24000, "512"),
        ("nonsense", 24000, ""),
    ],
)
def test_crashkernel_is_read_as_the_kernel_reads_it(machine: FakeMachine, spec: str, memory: int, granted: str) -> None:
    assert machine.shell(f"crashkernel_mb {spec} {memory}").strip() == granted
