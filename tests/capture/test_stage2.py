"""Stage 2: it saves what can be saved, and never calls complete what is not."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from capture_kernel import DMESG, EVERY_SHELL, IMAGE_SHELLS, NONCE, SHELLS, CaptureKernel, can_mount, manifest, sums
from dump_samples import RELEASE, elf, kdump
from fake_machine import inspect_report

MORE_THAN_FITS = 10**13  # bytes; no file system of a test has so many
MOUNTS = pytest.mark.skipif(not can_mount(), reason="file systems cannot be mounted here")


@pytest.fixture
def kernel(tmp_path: Path) -> CaptureKernel:
    return CaptureKernel(tmp_path)


def inspect(report: Path) -> dict:
    """Return a report that `kdump-portal report inspect` takes."""
    inspected = inspect_report(report)
    assert inspected.returncode == 0, inspected.stderr
    return json.loads(report.read_text("utf-8"))


def steps(report: dict) -> dict[str, str]:
    return {step["name"]: step["verdict"] for step in report["runs"][0]["steps"]}


@pytest.mark.parametrize("shell", EVERY_SHELL)
def test_a_dump_is_saved_whole_in_every_shell(kernel: CaptureKernel, shell: str) -> None:
    done = kernel.stage2(shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    dump = kernel.dump()
    assert dump.name.endswith(f"Z-{NONCE[:8]}")
    assert (dump / "vmcore").read_bytes() == kdump()
    assert (dump / "dmesg.txt").read_bytes() == DMESG
    assert set(sums(dump)) == {"vmcore", "dmesg.txt", "capture.log", "report.json"}
    assert dump.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in dump.iterdir()} == {0o600}
    said = manifest(dump)
    assert (said["state"], said["nonce"], said["kernel"], said["machine"]) == ("complete", NONCE, RELEASE, "x86_64")
    assert {entry["name"]: entry["sha256"] for entry in said["files"]} == {
        name: digest for name, digest in sums(dump).items() if name in ("vmcore", "dmesg.txt")
    }
    assert f"kdump-capture: complete {dump.name} {len(kdump())} bytes" in done.stdout
    assert kernel.run("verify", str(dump), shell=shell).returncode == 0


@pytest.mark.parametrize("shell", EVERY_SHELL)
def test_a_makedumpfile_that_fails_is_never_believed(kernel: CaptureKernel, shell: str) -> None:
    """The bug of a shipped tool: `makedumpfile | compress; $?` took 17 bytes and exit 1 for a saved dump."""
    kernel.makedumpfile("broken")
    done = kernel.stage2(shell=shell)
    assert done.returncode == 0, done.stderr
    dump = kernel.dump()
    assert (dump / "vmcore").read_bytes() == elf()
    rungs = manifest(dump)["rungs"]
    assert [rung["status"] for rung in rungs] == [1] * (len(rungs) - 1) + [0]
    assert manifest(dump)["rung"] == rungs[-1]["command"] == "copy"
    assert "makedumpfile Failed." in (dump / "capture.log").read_text()


@pytest.mark.parametrize("shell", IMAGE_SHELLS)
def test_when_no_way_works_the_log_is_kept_and_the_dump_is_incomplete(kernel: CaptureKernel, shell: str) -> None:
    kernel.makedumpfile("killed")
    os.truncate(kernel.vmcore, MORE_THAN_FITS)
    done = kernel.stage2(shell=shell)
    assert done.returncode == 9
    assert "(exit 9)" in done.stdout and "complete 2" not in done.stdout.replace("incomplete 2", "")
    dump = kernel.dump()
    assert dump.name.endswith(".part")
    assert (dump / "dmesg.txt").read_bytes() == DMESG
    assert not (dump / "vmcore").exists()
    assert manifest(dump)["state"] == "incomplete"
    assert {rung["status"] for rung in manifest(dump)["rungs"]} == {137, 1}
    assert steps(inspect(dump / "report.json"))["save"] == "fail"
    assert kernel.run("verify", str(dump), shell=shell).returncode == 9


@pytest.mark.parametrize("mode", ["lying", "silent", "ignored"])
def test_a_rung_counts_only_with_status_0_and_a_complete_file(kernel: CaptureKernel, mode: str) -> None:
    kernel.makedumpfile(mode, "ok")
    assert kernel.stage2().returncode == 0
    rungs = manifest(kernel.dump())["rungs"]
    assert [rung["status"] for rung in rungs] == [1, 0]
    assert (kernel.dump() / "vmcore").read_bytes() == kdump()


def test_the_ladder_goes_from_threads_to_the_plain_copy(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 1\nthreads = 4\nlevel = 17\n")
    kernel.makedumpfile("broken")
    assert kernel.stage2().returncode == 0
    commands = [rung["command"] for rung in manifest(kernel.dump())["rungs"]]
    assert commands == [
        "makedumpfile -l --num-threads 4 -d 17",
        "makedumpfile -l -d 17",
        "makedumpfile -c -d 1",
        "copy",
    ]
    assert kernel.calls()[0].startswith("--dump-dmesg"), "the log comes first"


@pytest.mark.parametrize(
    ("compress", "can", "option"),
    [
        ("auto", "lzo\tenabled\nzstd\tenabled\n", " -l "),
        ("auto", "lzo\tdisabled\nzstd\tenabled\n", " -z "),
        ("auto", "snappy\tenabled\n", " -p "),
        ("auto", "", " -c "),
        ("zstd", "", " -z "),
        ("zlib", "lzo\tenabled\n", " -c "),
        ("none", "lzo\tenabled\n", " -d "),
    ],
)
def test_compression_is_what_was_asked_for_or_the_quickest_there_is(
    kernel: CaptureKernel, compress: str, can: str, option: str
) -> None:
    kernel.config(f"min_free_mb = 1\nthreads = 1\ncompress = {compress}\n")
    kernel.makedumpfile("ok", can=can)
    assert kernel.stage2().returncode == 0
    call = f" {kernel.calls()[1]}"
    assert call.startswith(option), call


def test_a_log_that_cannot_be_read_does_not_cost_the_core(kernel: CaptureKernel) -> None:
    kernel.makedumpfile("ok", dmesg=None)
    done = kernel.stage2()
    assert done.returncode == 0
    assert "dmesg not saved" in done.stdout
    assert set(sums(kernel.dump())) == {"vmcore", "capture.log", "report.json"}
    assert steps(inspect(kernel.dump() / "report.json"))["dmesg"] == "fail"


def test_the_log_alone_when_that_is_what_is_wanted(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 1\ncollector = dmesg\n")
    assert kernel.stage2().returncode == 0
    assert manifest(kernel.dump())["state"] == "dmesg-only"
    assert kernel.run("verify", str(kernel.dump())).returncode == 0


def test_the_log_alone_is_no_dump_when_it_cannot_be_read(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 1\ncollector = dmesg\n")
    kernel.makedumpfile("ok", dmesg=None)
    assert kernel.stage2().returncode == 9
    assert kernel.dump().name.endswith(".part")


def test_the_deadline_ends_a_dump_in_order_in_every_shell(tmp_path: Path) -> None:
    kernels = {}
    for parameter in EVERY_SHELL:
        (shell,) = parameter.values
        if not parameter.marks[0].args[0]:
            (tmp_path / shell).mkdir()
            kernels[shell] = CaptureKernel(tmp_path / shell)
            kernels[shell].config("min_free_mb = 1\ntimeout = 10\n")
            kernels[shell].makedumpfile("slow")
    began = time.monotonic()
    processes = {shell: kernel.start(*kernel.words(), shell=shell) for shell, kernel in kernels.items()}
    for shell, process in processes.items():
        out, problems = process.communicate(timeout=60)
        assert process.returncode == 1, (shell, out, problems)
        assert "deadline of 10 s is over" in out, shell
        dump = kernels[shell].dump()
        assert dump.name.endswith(".part"), shell
        assert manifest(dump)["state"] == "incomplete", shell
        assert (dump / "dmesg.txt").read_bytes() == DMESG, shell
    assert 10 <= time.monotonic() - began < 40


@pytest.mark.parametrize("shell", IMAGE_SHELLS)
def test_ended_by_a_signal_it_says_so_and_leaves_no_process(kernel: CaptureKernel, shell: str) -> None:
    kernel.makedumpfile("slow")
    process = kernel.start(*kernel.words(), shell=shell)
    until = time.monotonic() + 30
    while not list(kernel.disk.glob("*.part/vmcore")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)  # returns at once only when nobody holds the pipe any more
    assert process.returncode == 1
    assert "incomplete" in out


@MOUNTS
@pytest.mark.parametrize("shell", IMAGE_SHELLS)
def test_a_target_that_fills_up_is_said_to_be_full(kernel: CaptureKernel, shell: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", kernel.disk], check=True)
    try:
        kernel.config("min_free_mb = 2\n")
        (kernel.stubs / "kdump").write_bytes(kdump() + bytes(8 << 20))
        kernel.vmcore.write_bytes(elf(6 << 20))
        done = kernel.stage2(shell=shell)
        assert done.returncode == 6, done.stdout  # though there is room again once the partial files are gone
        assert "No space left" in done.stdout
        dump = kernel.dump()
        assert dump.name.endswith(".part") and not (dump / "vmcore").exists()
        assert (dump / "dmesg.txt").read_bytes() == DMESG
    finally:
        subprocess.run(["umount", "--lazy", kernel.disk], check=True)


def test_a_target_without_the_space_that_is_to_stay_free_is_not_begun(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 999999999\n")
    done = kernel.stage2()
    assert done.returncode == 6
    assert list(kernel.disk.iterdir()) == []


def test_the_copy_is_refused_when_it_does_not_fit(kernel: CaptureKernel) -> None:
    kernel.makedumpfile("broken")
    os.truncate(kernel.vmcore, MORE_THAN_FITS)
    done = kernel.stage2()
    assert done.returncode == 9
    assert "copy -> status 1 (it needs 9536743 MB" in done.stdout


def test_the_report_is_valid_and_names_nobody(kernel: CaptureKernel) -> None:
    kernel.stage2()
    report = inspect(kernel.dump() / "report.json")
    run = report["runs"][0]
    assert run["scenario"]["path"] == "kdump.capture"
    assert run["scenario"]["dimensions"]["load"] == "kexec_load"
    assert run["scenario"]["dimensions"]["builder"] == "generic"
    assert {"name": "first kernel", "version": RELEASE} not in report["subjects"]
    assert {"role": "first kernel", "version": RELEASE} in report["subjects"]
    assert set(steps(report)) == {"reserve", "load", "capture boot", "dmesg", "save", "finish"}
    assert set(steps(report).values()) == {"pass"}
    numbers = {n["name"]: (n["value"], n["unit"]) for step in run["steps"] for n in step.get("numbers", [])}
    assert numbers["reserved"] == (256, "MB")
    assert numbers["dump size"] == (len(kdump()), "bytes")
    assert "secret-host" not in json.dumps(report)


def test_what_load_did_not_say_is_not_claimed(kernel: CaptureKernel) -> None:
    (kernel.root / "proc/cmdline").write_text('console=ttyS0 kdump_capture.nonce="$(id)"\n')
    kernel.stage2()
    report = inspect(kernel.dump() / "report.json")
    assert steps(report)["reserve"] == "skip"
    assert "load" not in steps(report)
    assert kernel.dump().name.endswith("Z-00000000")


def test_retention_removes_the_oldest_of_ours_and_nothing_else(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 1\nretain_count = 2\n")
    old = [kernel.disk / f"202{year}-01-01T00-00-00Z-0000000{year}" for year in range(1, 5)]
    for dump in old:
        dump.mkdir()
        (dump / "manifest.json").write_text('{"schema":"kdump-dump/1","state":"complete"}\n')
        (dump / "vmcore").write_bytes(kdump())
    (old[0] / "manifest.json").unlink()  # not ours
    (old[1] / "notes of mine").write_text("keep")
    part = kernel.disk / "2020-01-01T00-00-00Z-00000009.part"
    part.mkdir()
    assert kernel.stage2().returncode == 0
    left = sorted(path.name for path in kernel.disk.iterdir())
    assert len(left) == 5
    assert {old[0].name, old[1].name, old[3].name, part.name} < set(left)
    assert [path.name for path in old[1].iterdir()] == ["notes of mine"]


def test_retention_by_size_keeps_the_newest(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 1\nretain_mb = 3\n")
    for year in range(1, 4):
        dump = kernel.disk / f"202{year}-01-01T00-00-00Z-0000000{year}"
        dump.mkdir()
        (dump / "manifest.json").write_text('{"schema":"kdump-dump/1","state":"complete"}\n')
        (dump / "vmcore").write_bytes(os.urandom(2 << 20))
    assert kernel.stage2().returncode == 0
    assert sorted(path.name[:4] for path in kernel.disk.iterdir())[0] == "2023"
    assert len(list(kernel.disk.iterdir())) == 2


def test_nothing_is_removed_before_there_is_a_new_dump(kernel: CaptureKernel) -> None:
    kernel.config("min_free_mb = 1\nretain_count = 1\n")
    old = kernel.disk / "2021-01-01T00-00-00Z-00000001"
    old.mkdir()
    (old / "manifest.json").write_text('{"schema":"kdump-dump/1","state":"complete"}\n')
    os.truncate(kernel.vmcore, MORE_THAN_FITS)
    kernel.makedumpfile("broken")
    assert kernel.stage2().returncode == 9
    assert old.exists()


def test_a_dump_that_is_there_is_never_touched(kernel: CaptureKernel) -> None:
    kernel.stub("date", "#!/bin/sh\necho 2026-01-01T00-00-00Z\n")
    assert kernel.stage2().returncode == 0
    before = {path.name: path.read_bytes() for path in kernel.dump().iterdir()}
    assert kernel.stage2().returncode == 5
    assert {path.name: path.read_bytes() for path in kernel.dump().iterdir()} == before


def test_no_target_is_said(kernel: CaptureKernel) -> None:
    done = kernel.stage2(folder=False)
    assert done.returncode == 5
    assert "failed: no target is configured (exit 5)" in done.stdout


def test_with_json_there_is_one_document(kernel: CaptureKernel) -> None:
    done = kernel.stage2("--json")
    document = json.loads(done.stdout)
    assert (document["exit"], document["dump"]) == (0, kernel.dump().name)
    assert "kdump-capture: stage2 start" in done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_on_a_machine_that_did_not_crash_nothing_happens(kernel: CaptureKernel, shell: str) -> None:
    if Path("/etc/kdump-capture/manifest").exists() or Path("/proc/vmcore").exists():
        pytest.skip("this is a capture kernel: not the place for tests")
    for program in ("reboot", "poweroff", "halt"):
        kernel.stub(program, f"#!/bin/sh\ntouch {kernel.stubs}/rebooted\n")
    done = kernel.run("stage2", shell=shell)
    assert done.returncode == 3
    assert "this is no capture kernel" in done.stderr
    assert not (kernel.stubs / "rebooted").exists()


@MOUNTS
def test_busybox_and_makedumpfile_are_all_it_needs(tmp_path: Path) -> None:
    """In a root that holds nothing else, as the generic image does."""
    kernel = CaptureKernel(tmp_path)
    tree = tmp_path / "tree"
    for folder in ("bin", "tmp", "proc", "dev", "dump", "root"):
        (tree / folder).mkdir(parents=True)
    (tree / "usr").symlink_to(".")
    (tree / "bin/busybox").write_bytes(Path("/usr/bin/busybox").read_bytes())
    (tree / "bin/busybox").chmod(0o755)
    subprocess.run(["busybox", "chroot", tree, "/bin/busybox", "--install", "-s", "/bin"], check=True)
    subprocess.run(["cp", "-r", kernel.stubs, kernel.root, kernel.tool, kernel.vmcore, tree], check=True)
    mounted = [(["mount", "-t", "proc", "proc", tree / "proc"], tree / "proc")]
    mounted += [(["mount", "--bind", "/dev", tree / "dev"], tree / "dev")]
    try:
        for command, _ in mounted:
            subprocess.run(command, check=True)
        done = subprocess.run(
            [
                shutil.which("chroot"),
                tree,
                "/bin/sh",
                "/kdump-capture",
                "stage2",
                "--root=/root",
                "--vmcore=/vmcore",
                "--folder=/dump",
            ],
            env={"PATH": "/stubs:/bin"},
            capture_output=True,
            text=True,
        )
    finally:
        for _, place in reversed(mounted):
            subprocess.run(["umount", "--lazy", place], check=True)
    assert (done.returncode, done.stderr) == (0, "")
    (dump,) = (tree / "dump").iterdir()
    assert (dump / "vmcore").read_bytes() == kdump()
    assert set(sums(dump)) == {"vmcore", "dmesg.txt", "capture.log", "report.json"}
