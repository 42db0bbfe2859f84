"""What must not get into git: found in logs as they are, marked, counted; and what only looks like it stays."""

import time

import pytest

from generator.model.reports import Attachment, Environment, Report, Run, Scenario, Step, Subject, Verdict
from generator.parse.redact import PARAMETERS, command_line, redact, redact_report
from generator.parse.report import REPORT_SCHEMA, dump_report, parse_report

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAA=\nAAAA\n"
MARKED = {
    "inet 192.168.1.7/24 brd 192.168.1.255": "inet [redacted: address]/24 brd [redacted: address]",
    "from 10.0.2.15:22, done": "from 10.0.2.15:22, done".replace("10.0.2.15", "[redacted: address]"),
    "52:54:00:12:34:56: link is up": "[redacted: hardware address]: link is up",
    "ping fe80::1: unreachable": "ping [redacted: address]: unreachable",
    "2001:db8:1:2:3:4:5:6: no route": "[redacted: address]: no route",
    "\x1b[1m10.0.2.15\x1b[0m up": "\x1b[1m[redacted: address]\x1b[0m up",
    "addr fe80::5054:ff:fe12:3456/64": "addr [redacted: address]/64",
    "at 2001:0db8:0:0:0:0:0:1": "at [redacted: address]",
    "link/ether 52:54:00:12:34:56 brd": "link/ether [redacted: hardware address] brd",
    "hostname=db1": "hostname=[redacted: host]",
    '"hostname": "db1.example"': '"hostname": "[redacted: host]"',
    "server: nfs1.lab.example": "server: [redacted: host]",
    "nfs my.server.example:/export/crash": "nfs [redacted: host]:/export/crash",
    "Nov 23 02:15:08 db1 kernel: panic": "Nov 23 02:15:08 [redacted: host] kernel: panic",
    "Linux db1 6.1.0-13-amd64 #1 SMP": "Linux [redacted: host] 6.1.0-13-amd64 #1 SMP",
    "built on ci7.corp.internal today": "built on [redacted: host] today",
    "[root@db1 ~]# kdumpctl": "[[redacted: account] ~]# kdumpctl",
    "ssh kdump@192.0.2.1": "ssh kdump@[redacted: address]",
    "by jane.doe@example.org": "by [redacted: account]",
    "in /home/jane/kdump/run.sh": "in /home/[redacted: user]/kdump/run.sh",
    "password=hunter2": "password=[redacted: secret]",
    "API_TOKEN: 'a b c'": "API_TOKEN: [redacted: secret]",
    "Authorization: Bearer abcdefghijklmnopqrst": "Authorization: Bearer [redacted: secret]",
    "https://bot:s3cret@git.example/x.git": "https://[redacted: secret]@git.example/x.git",
    "use ghp_abcdefghijklmnopqrstuvwxyz0123456789": "use [redacted: secret]",
    "use github_pat_abcdefghijklmnopqrstuvwxyz": "use [redacted: secret]",
    "AKIA0123456789ABCDEFghp_abcdefghijklmnopqrstuvwxyz0123456789": "[redacted: secret][redacted: secret]",
    "use glpat-abcdefghijklmnopqrst": "use [redacted: secret]",
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4": "jwt [redacted: secret]",
    "root:$6$salt$0123456789abcdef0123456789abcdef:": "root:[redacted: secret]:",
    KEY: "[redacted: secret]",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabcdefgh me": "ssh-ed25519 [redacted: secret] me",
    "[    0.0] Command line: BOOT_IMAGE=/vmlinuz root=UUID=1-2 crashkernel=256M quiet\nnext": (
        "[    0.0] Command line: crashkernel=256M quiet [redacted: parameters]\nnext"
    ),
    "BOOT_IMAGE=/vmlinuz root=/dev/sda1": "[redacted: parameters]",
    "cmdline: nr_cpus=1 rd.luks.uuid=abc": "cmdline: nr_cpus=1 [redacted: parameters]",
}


@pytest.mark.parametrize("text", MARKED)
def test_it_is_marked_counted_and_marked_once_only(text):
    marked, counts = redact(text)
    assert marked == MARKED[text]
    assert counts.total() > 0
    assert redact(marked) == (marked, {})


STAYS = [
    "kernel 6.12.5, 5.14.0-427.13.1.el9, v2.6.32.27, version 2.6.32.27, 2.6.32.27-generic",
    "listening on 127.0.0.1, 0.0.0.0 and ::1",
    "std::string Foo::Bar 12:34:56 at 02:15:08",
    "0000:00:1f.2: PCI, sd 0:0:0:0: [sda]",
    "RIP: 0010:sysrq_handle_crash+0x16/0x20",
    "Code: 48 89 e5 53 <0f> 0b",
    "crashkernel=1G-4G:192M,4G-:256M",
    "user@1000.service: Succeeded, getty@tty1.service",
    "host: client, server: checked, node: 0",
    "hostname=localhost",
    "Linux version 6.1.0-13-amd64 #1 SMP",
    "/var/crash/202611230215/dump.202611230215, /root/a",
    "Command line: crashkernel=256M quiet",
    "passed 3, tokens 4, keys: none",
    "kdump.nfs.save: PASS in 1.25 s",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_only_looks_like_it_stays(text):
    assert redact(text) == (text, {})


def test_of_a_command_line_an_allow_list_stays_in_order():
    line = "BOOT_IMAGE=/x ro crashkernel=1G-:256M,high ip=1.2.3.4 nr_cpus=1 mem=52:54:00:12:34:56 --"
    kept, left_out = command_line(line)
    assert kept == (("ro", ""), ("crashkernel", "1G-:256M,high"), ("nr_cpus", "1"))
    assert left_out == 3


def test_the_allow_list_is_the_schemas():
    pattern = REPORT_SCHEMA["$defs"]["environment"]["properties"]["command_line"]["items"]["pattern"]
    names = pattern.removeprefix("^(").partition(")")[0].replace("\\.", ".").replace("[.]", ".").split("|")
    assert set(names) == PARAMETERS


HOSTILE = ["a" * 200_000, ":" * 200_000, "1." * 100_000, "a.b-" * 50_000, "x@" * 100_000, "cmdline" * 30_000,
           "a_" * 100_000, "/home/" * 30_000, "eyJ" + "a" * 200_000, KEY * 5_000, "://a" * 50_000, "host " * 40_000,
           "command line: " * 10_000, "token" * 40_000, "-----BEGIN PRIVATE KEY-----" * 8_000, "a.lan" * 40_000,
           "hostname=" * 20_000, "\x1b[0m1.1.1.1" * 10_000, "aa:" * 60_000, "Linux a" * 30_000]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_takes_long(text):
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 3


def report(**said):
    step = Step(
        name="save to 10.0.0.1",
        verdict=Verdict.FAIL,
        reported="refused by 10.0.0.1",
        excerpt="ssh root@db1: password=x",
        host="10.0.0.1",
        attachments=(Attachment(name="log", sha256="0" * 64, size_bytes=1, url="https://10.0.0.1/log"),),
    )
    scenario = Scenario(path="kdump.ssh", dimensions=(("target", "ssh root@db1"),))
    environment = Environment(machine="db1.corp.internal", command_line=(("crashkernel", "1M"), ("root", "/dev/sda")))
    subjects = (Subject(role="first kernel", version="2.6.32.27"),)
    runs = (Run(scenario=scenario, steps=(step,)),)
    return Report(origin="lab", runs=runs, environment=environment, subjects=subjects, notes=("at 10.0.0.2",), **said)


def test_every_text_of_a_report_is_redacted_and_a_note_says_how_much():
    clean = redact_report(report())
    kept = repr(clean)
    assert not any(word in kept for word in ("10.0.0.1", "10.0.0.2", "db1", "password=x", "sda"))
    assert clean.subjects[0].version == "2.6.32.27"
    assert clean.runs[0].steps[0].attachments[0].url == ""
    assert clean.notes[-1] == "redacted: 5 addresses, 2 accounts, 1 host, 1 secret, 1 parameter"


def test_what_was_redacted_is_still_a_report():
    clean = redact_report(report())
    assert parse_report(dump_report(clean).decode(), source="r") == clean
    assert redact_report(clean) == clean


def test_marks_do_not_make_texts_longer_than_they_may_be():
    step = Step(name="1.2.3.4 " * 125, verdict=Verdict.PASS, excerpt="1.2.3.4 " * 2_048)
    whole = Report(origin="lab", runs=(Run(scenario=Scenario(path="a"), steps=(step,)),))
    (run,) = redact_report(whole).runs
    assert (len(run.steps[0].name), len(run.steps[0].excerpt)) == (1_000, 16_384)


def test_a_clean_report_is_the_same_value():
    run = Run(scenario=Scenario(path="a"), steps=(Step(name="b", verdict=Verdict.PASS),))
    whole = Report(origin="lab", runs=(run,))
    assert redact_report(whole) is whole
