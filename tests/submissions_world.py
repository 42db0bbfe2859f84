"""Reports as they are handed in: small, true in form, and never published."""

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from generator.model.reports import Environment, Report, Run, Scenario, Step, Subject, Verdict
from generator.parse.report import dump_report

STEPS = ("reserve", "load", "trigger", "capture boot", "save", "return", "check")


def report(origin: str = "lab", kernel: str = "6.12.1", verdict: Verdict = Verdict.PASS, **more: object) -> Report:
    """Return a report of one run whose last step has the verdict."""
    verdicts = [Verdict.PASS] * (len(STEPS) - 1) + [verdict]
    steps = tuple(Step(name=name, verdict=one) for name, one in zip(STEPS, verdicts, strict=True))
    run = Run(scenario=Scenario(path="kdump.local", dimensions=(("target", "ext4"),)), steps=steps, planned=len(STEPS))
    whole = Report(
        origin=origin,
        tool="bench",
        kernel_line="mainline",
        subjects=(Subject(role="first kernel", version=kernel),),
        environment=Environment(architecture="x86_64", distribution="debian-12"),
        runs=(run,),
    )
    return replace(whole, **more)


def named(one: Report) -> tuple[str, bytes]:
    """Return a report's path, `<origin>/<id>.json`, and its bytes."""
    data = dump_report(one)
    return f"{one.origin}/{hashlib.sha256(data).hexdigest()}.json", data


def put(folder: Path, *reports: Report) -> list[Path]:
    """Write reports to their places below a folder."""
    files = []
    for one in reports:
        path, data = named(one)
        files.append(folder / path)
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(data)
    return files


def ssh_key(folder: Path, name: str) -> tuple[Path, str]:
    """Make an SSH key; return its file, and the public half as one line without a comment."""
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file], check=True, timeout=30)
    return file, " ".join(file.with_suffix(".pub").read_text("utf-8").split()[:2])
