"""Test reports made up for tests: a few hundred realistic ones over months, and hostile ones."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from world import EVIL

from generator.model.reports import (
    Attachment,
    Environment,
    KnownIssue,
    Number,
    Report,
    Run,
    Scenario,
    Step,
    Stored,
    Subject,
    Verdict,
)
from generator.parse.report_form import dump_report

STEPS = ("reserve", "load", "trigger", "capture boot", "save", "return", "check")
ARCHITECTURES = ("x86_64", "aarch64", "ppc64le", "s390x")
TARGETS = ("ext4", "xfs", "nfs", "ssh", "raw")
LOADS = ("kexec_load", "kexec_file_load")
LINES = {
    "mainline": ("6.11.0", "6.12.0-rc1", "6.12.0-rc2", "6.12.0", "6.13.0-rc1"),
    "stable-6.12": ("6.12.1", "6.12.2", "6.12.9", "6.12.10"),
    "debian-12": ("6.1.0-25-amd64", "6.1.0-26-amd64", "6.1.0-28-amd64"),
}
START = 1_760_000_000  # 2025-10-09
DAY = 86_400
PANIC = """\
[   12.345678] sysrq: Trigger a crash
[   12.345991] Kernel panic - not syncing: sysrq triggered crash
[    4.220101] systemd[1]: kdump-capture.service: Main process exited, status=1/FAILURE
[    4.221909] Out of memory: Killed process 211 (makedumpfile) total-vm:112204kB, anon-rss:40120kB
"""


def stored(report: Report, *, committed: int | None = None, signer: str = "") -> Stored:
    """Return a report as the repository holds it."""
    identity = hashlib.sha256(dump_report(report)).hexdigest()
    path = f"content/reports/{report.origin}/{identity}.json"
    return Stored(id=identity, report=report, path=path, committed=committed, signer=signer)


def steps_of(bad: str = "", *, verdict: Verdict = Verdict.FAIL, excerpt: str = "", numbers: bool = True) -> tuple:
    """Return the steps of a run; the one named `bad` goes wrong, and what follows does not come."""
    found = []
    broken = False
    for place, name in enumerate(STEPS):
        if broken:
            found.append(Step(name=name, verdict=Verdict.MISS))
            continue
        broken = name == bad
        found.append(
            Step(
                name=name,
                verdict=verdict if broken else Verdict.PASS,
                duration_s=0.4 + place * 1.7,
                excerpt=excerpt if broken else "",
                numbers=_numbers(name) if numbers else (),
            )
        )
    return tuple(found)


def _numbers(name: str) -> tuple[Number, ...]:
    if name == "reserve":
        return (Number(name="reserved", value=256, unit="MB"),)
    return (Number(name="dump size", value=81_654_321, unit="bytes"),) if name == "save" else ()


def run_of(target: str = "ext4", bad: str = "", *, load: str = "kexec_file_load", **settings: object) -> Run:
    """Return one run."""
    scenario = Scenario(
        path="kdump.local" if target not in ("nfs", "ssh") else "kdump.remote",
        dimensions=(("load", load), ("target", target), ("trigger", "sysrq-c")),
    )
    return Run(scenario=scenario, steps=steps_of(bad, **settings), planned=len(STEPS))


def report_of(kernel: str = "6.12.0", *runs: Run, architecture: str = "x86_64", **settings: object) -> Report:
    """Return a report of one machine."""
    values = {
        "origin": "lab-one",
        "tool": "kdump-lab",
        "tool_version": "0.3",
        "started": "2026-11-02T10:00:00+01:00",
        "kernel_line": "mainline",
        "subjects": (
            Subject(role="first kernel", version=kernel),
            Subject(role="capture kernel", version=kernel),
            Subject(role="kexec-tools", version="2.0.29"),
            Subject(role="makedumpfile", version="1.7.6"),
        ),
        "environment": Environment(
            architecture=architecture,
            distribution="debian-13",
            machine="virtual",
            firmware="uefi",
            memory_mb=4096,
            processors=2,
            command_line=(("crashkernel", "256M"), ("nr_cpus", "1")),
        ),
        "runs": runs or (run_of(),),
    }
    return Report(**{**values, **settings})


def many(count: int = 300, seed: int = 7) -> Iterator[Stored]:
    """Yield reports over a year: most are good, NFS on aarch64 broke with 6.12-rc2, ssh on ppc64le is flaky."""
    chance = random.Random(seed)
    for number in range(count):
        age = number / count
        line = chance.choice(list(LINES))
        versions = LINES[line]
        kernel = versions[min(int(age * len(versions)), len(versions) - 1)]
        architecture = chance.choices(ARCHITECTURES, (8, 5, 2, 1))[0]
        target, load = chance.choice(TARGETS), chance.choice(LOADS)
        run = _run(line, kernel, architecture, target, load, chance)
        when = START + int(age * 400 * DAY) + chance.randrange(DAY)
        report = report_of(
            kernel,
            run,
            architecture=architecture,
            kernel_line=line,
            origin=chance.choice(("lab-one", "lab-two", "ci.example")),
            started=datetime.fromtimestamp(when - 600, UTC).isoformat(),
            source_format=chance.choice(("kdump-report", "tmt", "junit")),
            source_sha256=hashlib.sha256(str(number).encode()).hexdigest(),
        )
        yield stored(report, committed=when, signer=chance.choice(("", "Lab One <lab@example.org>")))


def _run(line: str, kernel: str, architecture: str, target: str, load: str, chance: random.Random) -> Run:
    late = line == "mainline" and kernel in LINES["mainline"][2:]
    bad, verdict, excerpt = "", Verdict.FAIL, ""
    if architecture == "aarch64" and target == "nfs" and late:
        bad, excerpt = "capture boot", PANIC
    elif architecture == "ppc64le" and target == "ssh" and chance.random() < 0.5:
        bad, excerpt = "save", "ssh: connect to host: Connection timed out"
    elif (dice := chance.random()) < 0.03:
        bad, verdict = "load", Verdict.ERROR
    elif dice < 0.05:
        bad, verdict = "trigger", Verdict.MISS
    run = run_of(target, bad, load=load, verdict=verdict, excerpt=excerpt)
    reserved = 256 if architecture == "x86_64" else 448
    free = reserved - 110 - (40 if target in ("nfs", "ssh") else 0) - chance.randrange(60)
    steps = tuple(_measured(step, reserved, free, chance) for step in run.steps)
    return replace(run, steps=steps)


def _measured(step: Step, reserved: int, free: int, chance: random.Random) -> Step:
    if step.verdict is not Verdict.PASS:
        return step
    numbers = {
        "reserve": (Number(name="reserved", value=reserved, unit="MB"),),
        "capture boot": (Number(name="minimum available memory", value=free, unit="MB"),),
        "save": (
            Number(name="dump size", value=80_000_000 + chance.randrange(9_000_000), unit="bytes"),
            Number(name="throughput", value=41.5, unit="MB/s"),
        ),
    }
    return replace(step, numbers=numbers.get(step.name, ()), duration_s=round(chance.uniform(0.3, 30), 1))


ISSUES = (
    KnownIssue(
        id="ssh-timeout",
        title="The ssh server of the lab is slow to answer",
        url="https://bugs.example/1",
        path="kdump.*",
        dimensions=(("target", "ssh"),),
        excerpt="Connection timed out",
        owner="lab-one",
        added="2025-11-01",
        expires="2027-01-01",
        file="content/reports/known-issues/ssh-timeout.yml",
    ),
    KnownIssue(
        id="nothing", title="Never seen again", url="", path="kdump.iscsi", owner="x", added="2025-01-01",
        expires="2027-01-01",
    ),
    KnownIssue(
        id="old", title="Expired long ago", url="", path="*", owner="x", added="2024-01-01", expires="2024-02-01",
    ),
)  # fmt: skip

EVIL_TEXT = EVIL.decode("utf-8", "surrogateescape")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202egnp.exe\u202c \u200b\ufeff",
    "../../../etc/passwd",
    "'; rm -rf / #$(reboot)`reboot`",
    "javascript:alert(1)",
    "\x1b]0;owned\x07\x00",
    "Z" + "\u0301" * 300,
    "x" * 4_000,
    "",
)


def hostile() -> Iterator[Stored]:
    """Yield reports whose every text is meant to break out of where it stands."""
    for number, evil in enumerate((*HOSTILE, EVIL_TEXT.encode("utf-8", "replace").decode())):
        step = Step(
            name=evil, verdict=Verdict.FAIL, reported=evil, duration_s=float(number), excerpt=evil * 3, host=evil,
            numbers=(Number(name=evil, value=1e300, unit=evil), Number(name="reserved", value=-5, unit="MB")),
            attachments=(Attachment(name=evil, sha256=evil, size_bytes=1, url=evil),),
        )  # fmt: skip
        again = replace(step, verdict=Verdict.PASS, attempt=2)
        report = Report(
            origin=evil, tool=evil, tool_version=evil, started=evil, kernel_line=evil, reason=evil, source_format=evil,
            source_sha256=evil, notes=(evil, evil),
            subjects=(
                Subject(role="first kernel", version=evil, commit=evil, package=evil),
                Subject(role=evil, version=evil),
                Subject(role="kexec-tools", version="9" * 5_000),
            ),
            environment=Environment(
                architecture=evil, distribution=evil, machine=evil, firmware=evil, secure_boot=evil,
                command_line=((evil, evil), ("crashkernel", evil)),
            ),
            runs=(
                Run(scenario=Scenario(path=evil, dimensions=((evil, evil), ("load", evil), ("trigger", evil))),
                    steps=(step, again), planned=9),
                Run(scenario=Scenario(path=evil), steps=()),
                Run(scenario=Scenario(path="kdump.local", dimensions=(("target", evil),)), steps=(step,)),
            ),
        )  # fmt: skip
        yield stored(report, signer=evil, committed=(None, 0, -1, 1 << 60, START)[number % 5])
    yield stored(Report(origin="empty"))
    yield stored(Report(origin="liar", withdraws="0" * 64, started="9999-12-31T23:59:59-12:00", reason=HOSTILE[0]))


HOSTILE_ISSUES = tuple(
    KnownIssue(
        id=evil or "none", title=evil, url=evil, path="*", owner=evil, added="2020-01-01", expires="9998-01-01",
        file=evil, excerpt=evil,
    )
    for evil in HOSTILE
)  # fmt: skip


def as_json(report: Report) -> dict:
    """Return a report's document."""
    return json.loads(dump_report(report))
