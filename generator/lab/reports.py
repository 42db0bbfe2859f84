"""Outcomes of the lab as test reports, `kdump-report/1`: what ran, failures included."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from generator.capture.assemble import tool_version
from generator.lab.architectures import Architecture
from generator.lab.guides import GuideOutcome
from generator.lab.machine import OURS
from generator.lab.packages import Root
from generator.lab.peer import MEMORY_MB as PEER_MEMORY_MB
from generator.lab.peer import PeerOutcome
from generator.lab.runs import Bench, Outcome
from generator.lab.scenarios import Scenario
from generator.lab.verify import Finding
from generator.model.reports import Environment, Number, Report, Run, Step, Subject, Verdict
from generator.model.reports import Scenario as ReportScenario
from generator.parse.evidence import excerpt
from generator.parse.redact import redact_report
from generator.parse.report import dump_report, parse_report

ORIGIN = "lab"
SUITES = {"bookworm": "debian-12", "trixie": "debian-13", "": "debian-12"}
PACKAGES = ("kexec-tools", "makedumpfile", "initramfs-tools", "dracut-core")
EMULATED = "QEMU without hardware help (TCG): seconds are those of an emulated machine"
MOST_CONSOLE = 60  # lines


def lab_report(outcome: Outcome) -> Report:
    """Return the report of one run, without what must not be kept."""
    scenario = outcome.scenario
    return _report(
        outcome.architecture,
        outcome.root,
        Run(scenario=_scenario(outcome), steps=tuple(_steps(outcome))),
        memory_mb=scenario.memory_mb,
        processors=scenario.processors,
        crashkernel=scenario.crashkernel,
    )


def guide_report(outcome: GuideOutcome) -> Report:
    """Return the report of one guide: a step for each block, named by its id."""
    steps = tuple(
        Step(name=trial.block.id, verdict=trial.verdict, excerpt=excerpt(trial.said).strip())
        for trial in outcome.trials
    )
    return _report(
        outcome.architecture,
        outcome.root,
        Run(scenario=ReportScenario(path=outcome.guide.scenario), steps=steps),
        memory_mb=outcome.setting.memory_mb,
        processors=outcome.setting.processors,
    )


def peer_report(outcome: PeerOutcome, reserved_mb: int = 0) -> Report:
    """Return the report of a run of kdump-tools; `reserved_mb` when it is the smallest reservation that was enough."""
    saved = outcome.saved_s
    numbers = () if saved is None else (Number(name="panic to finished dump", value=saved, unit="s"),)
    size = Number(name="image size", value=float(outcome.image_bytes), unit="bytes")
    dump = Number(name="dump size", value=float(outcome.dump_bytes), unit="bytes")
    least = Number(name="smallest reservation", value=float(reserved_mb), unit="MB")
    steps = [
        *([Step(name="search", verdict=Verdict.PASS, numbers=(least,))] if reserved_mb else []),
        Step(name="build", verdict=Verdict.PASS, numbers=(size,)),
        Step(name="save", verdict=Verdict.PASS if outcome.dump_bytes else Verdict.FAIL, numbers=(dump,)),
        Step(
            name="return",
            verdict=Verdict.FAIL if saved is None or outcome.session.end == "timeout" else Verdict.PASS,
            duration_s=round(outcome.session.seconds, 1),
            numbers=numbers,
        ),
        *_checks(outcome.findings),
    ]
    dimensions = (("builder", "kdump-tools"), ("target", "ext4"), ("trigger", "sysrq-c"))
    scenario = ReportScenario(path="kdump.smallest" if reserved_mb else "kdump.peer", dimensions=dimensions)
    run = Run(scenario=scenario, steps=tuple(steps))
    return _report(
        outcome.architecture,
        outcome.root,
        run,
        memory_mb=PEER_MEMORY_MB,
        crashkernel=f"{reserved_mb}M" if reserved_mb else "",
        tool="kdump-tools",
    )


def smallest_report(reserved_mb: int, outcome: Outcome) -> Report:
    """Return the report of the smallest reservation that was enough."""
    number = Number(name="smallest reservation", value=float(reserved_mb), unit="MB")
    steps = (Step(name="search", verdict=Verdict.PASS, numbers=(number,)), *_steps(outcome))
    dimensions = tuple(sorted(_dimensions(outcome.scenario, outcome).items()))
    run = Run(scenario=ReportScenario(path="kdump.smallest", dimensions=dimensions), steps=steps)
    return _report(outcome.architecture, outcome.root, run, crashkernel=f"{reserved_mb}M")


def finished(report: Report, architecture: Architecture, bench: Bench) -> Report:
    """Return a report with what is to be known of every run; the folder that the lab works in is called `lab`."""
    notes = [EMULATED] if bench.accelerator == "tcg" else []
    notes += [architecture.note] if architecture.note else []
    whole = replace(report, notes=(*notes, *report.notes))
    text = dump_report(whole).decode("utf-8").replace(json.dumps(str(bench.cache))[1:-1], "lab")
    return parse_report(text, source="report")


def skipped_report(architecture: str, reason: str) -> Report:
    """Return the report about an architecture that cannot be tried: skipped, never passed."""
    report = Report(
        origin=ORIGIN,
        tool="kdump-portal lab",
        tool_version=tool_version(),
        started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        kernel_line=SUITES[""],
        environment=Environment(architecture=architecture, distribution=SUITES[""], machine="virtual"),
        runs=(
            Run(
                scenario=ReportScenario(path="kdump.ext4"),
                steps=(Step(name="reserve", verdict=Verdict.SKIP, excerpt=reason),),
            ),
        ),
    )
    return redact_report(report)


def _report(
    architecture: Architecture,
    root: Root,
    run: Run,
    *,
    memory_mb: int = 0,
    processors: int = 1,
    crashkernel: str = "",
    tool: str = "kdump-capture",
) -> Report:
    distribution = SUITES.get(architecture.suite, architecture.suite)
    report = Report(
        origin=ORIGIN,
        tool="kdump-portal lab",
        tool_version=tool_version(),
        started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        kernel_line=distribution,
        subjects=tuple(_subjects(root, tool)),
        environment=Environment(
            architecture=architecture.kernel_arch,
            distribution=distribution,
            machine="virtual",
            memory_mb=memory_mb or architecture.memory_mb,
            processors=processors,
            command_line=(("crashkernel", crashkernel or architecture.crashkernel),),
        ),
        runs=(run,),
    )
    return redact_report(report)


def _subjects(root: Root, tool: str = "kdump-capture") -> Iterator[Subject]:
    yield Subject(role="first kernel", version=root.kernel)
    yield Subject(role="capture kernel", version=root.kernel)
    yield Subject(role=tool, version=root.versions.get(tool) or tool_version())
    for package in PACKAGES:
        if version := root.versions.get(package):
            yield Subject(role=package.removesuffix("-core"), version=version, package=package)


def _scenario(outcome: Outcome) -> ReportScenario:
    scenario = outcome.scenario
    return ReportScenario(path=scenario.path, dimensions=tuple(sorted(_dimensions(scenario, outcome).items())))


def _dimensions(scenario: Scenario, outcome: Outcome) -> dict[str, str]:
    said = {
        "builder": scenario.builder,
        "collector": scenario.collector or outcome.architecture.collector,
        "compress": scenario.compress,
        "level": str(scenario.level),
        "load": "kexec_file_load" if scenario.load_call == "file" else "kexec_load",
        "processors": str(scenario.processors),
        "target": scenario.targets[-1].split()[0].partition(":")[0],
        "trigger": scenario.trigger,
    }
    if len(scenario.targets) > 1:
        said["targets"] = str(len(scenario.targets))
    return said


def _steps(outcome: Outcome) -> Iterator[Step]:
    yield Step(
        name="build",
        verdict=Verdict.PASS,
        duration_s=round(outcome.build_s, 1),
        numbers=(Number(name="image size", value=float(outcome.image_bytes), unit="bytes"),),
    )
    yield _load(outcome)
    yield from _capture(outcome)
    yield _end(outcome)
    yield from _checks(outcome.findings)


def _checks(findings: Iterable[Finding]) -> Iterator[Step]:
    for finding in findings:
        verdict = Verdict.PASS if finding.is_good else Verdict.FAIL
        yield Step(name=f"check {finding.name}", verdict=verdict, excerpt=excerpt(finding.found).strip())


def _load(outcome: Outcome) -> Step:
    """Loading may have to be refused: then that is what passes."""
    wanted = "lab: load ended with "
    said = next((line.text for line in outcome.session.lines if wanted in line.text), "")
    autoloaded = outcome.session.find("autoload: capture kernel loaded")
    is_good = outcome.scenario.expects in said if outcome.scenario.expects.startswith(wanted) else (
        said.endswith(" 0") or autoloaded is not None
    )  # fmt: skip
    if not said and not autoloaded:
        return Step(name="load", verdict=Verdict.MISS, excerpt=_console(outcome))
    return Step(name="load", verdict=Verdict.PASS if is_good else Verdict.FAIL, reported=said.strip())


def _capture(outcome: Outcome) -> Iterator[Step]:
    crashed, up = outcome.at("lab: crashing"), outcome.at("kdump-capture: stage2 start")
    if outcome.scenario.forbids == "stage2 start":
        return
    yield Step(name="trigger", verdict=Verdict.DONE if crashed is not None else Verdict.MISS)
    boot_s = round(up - crashed, 1) if crashed is not None and up is not None else None
    yield Step(name="capture boot", verdict=Verdict.PASS if up is not None else Verdict.MISS, duration_s=boot_s)
    yield from _of_the_guest(outcome)


def _of_the_guest(outcome: Outcome) -> Iterator[Step]:
    """What the capture kernel measured itself: reservation, memory, log, core."""
    file = outcome.dump / "report.json" if outcome.dump else None
    if file is None or not file.exists() or not file.stat().st_size:
        return
    said = parse_report(file.read_text("utf-8"), source="report.json")
    for step in said.runs[0].steps:
        if step.name in ("reserve", "target", "dmesg", "save"):
            is_meant = step.verdict is Verdict.FAIL and (outcome.scenario.forbids or step.name == "target")
            yield Step(
                name=step.name,
                verdict=Verdict.DONE if is_meant else step.verdict,
                reported=step.verdict.value if is_meant else "",
                duration_s=step.duration_s,
                numbers=step.numbers,
                excerpt=step.excerpt,
            )


def _end(outcome: Outcome) -> Step:
    """The verdict on the whole: what had to be seen, what had not, and that the machine came back by itself."""
    scenario, session = outcome.scenario, outcome.session
    problems = []
    if not any(scenario.expects in line.text for line in session.lines):
        problems.append(f"the console never said: {scenario.expects}")
    if scenario.forbids and any(
        scenario.forbids in line.text and line.text.startswith("kdump-capture: ") for line in session.lines
    ):
        problems.append(f"the console said: {scenario.forbids}")
    if session.end in ("timeout", "flooded"):
        problems.append(f"the machine did not come back within {session.seconds:.0f} s")
    name = "fails as it must" if scenario.forbids else "return"
    crashed, done = outcome.at("lab: crashing"), outcome.at("kdump-capture: complete")
    numbers = (
        (Number(name="panic to finished dump", value=round(done - crashed, 1), unit="s"),)
        if crashed is not None and done is not None
        else ()
    )
    verdict = Verdict.FAIL if problems else Verdict.PASS
    said = "\n".join([*problems, _console(outcome)])
    return Step(
        name=name, verdict=verdict, duration_s=round(session.seconds, 1), numbers=numbers, excerpt=excerpt(said)
    )


def _console(outcome: Outcome) -> str:
    ours = [line for line in outcome.session.lines if line.text.startswith(OURS)]
    shown = ours or list(outcome.session.lines[-20:])
    return "\n".join(f"{line.at_s:7.1f} {line.text[:300]}" for line in shown[-MOST_CONSOLE:])
