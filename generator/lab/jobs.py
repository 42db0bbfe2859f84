"""What the lab can be asked for: scenarios, guides, the smallest reservation, the peer. Each job gives a report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from generator.errors import PortalError
from generator.lab.architectures import ARCHITECTURES, IMPOSSIBLE, Architecture, find_architecture
from generator.lab.guides import SETTINGS, try_guide
from generator.lab.peer import PeerOutcome, try_kdump_tools
from generator.lab.reports import guide_report, lab_report, peer_report, smallest_report
from generator.lab.runs import Bench, Outcome, try_scenario
from generator.lab.scenarios import COMPLETE, SCENARIOS, Scenario
from generator.lab.smallest import PATIENCE_S, attempts
from generator.model.guides import Guide
from generator.model.reports import Report
from generator.parse.guide import parse_guide

T = TypeVar("T")
GUIDE_ARCHITECTURES = ("amd64",)
CHROOT_BUILDERS = ("initramfs-tools", "dracut")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be run: names, or none for all; where the guides are; and where reports go."""

    architectures: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    output: Path
    cache: Path
    guides: Path
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One thing to run on one architecture: a scenario or a guide. `run` gives its report."""

    name: str
    architecture: Architecture
    builder: str
    about: str
    run: Callable[[Bench], Report]


def planned(wish: Wish) -> tuple[Job, ...]:
    """Return what a wish comes to, in the table's order. Raises PortalError for names that are none."""
    jobs = all_jobs(wish.guides)
    names = list(dict.fromkeys(job.name for job in jobs))
    for name in wish.scenarios:
        if name not in names:
            raise PortalError(f"--scenario {name}: there is none; there are: {', '.join(names)}")
    for name in wish.architectures:
        if find_architecture(name) is None and name not in IMPOSSIBLE:
            known = [*(architecture.name for architecture in ARCHITECTURES), *IMPOSSIBLE]
            raise PortalError(f"--arch {name}: there is none; there are: {', '.join(known)}")
    return tuple(
        job
        for job in jobs
        if (not wish.scenarios or job.name in wish.scenarios)
        and (not wish.architectures or {job.architecture.name, job.architecture.kernel_arch} & set(wish.architectures))
        and (not wish.builders or job.builder in wish.builders)
    )


def _peer_job(architecture: Architecture) -> Job:
    return Job(
        name="peer-kdump-tools",
        architecture=architecture,
        builder="kdump-tools",
        about="Debian's own tool on the same kernel, for comparison (minutes)",
        run=lambda bench: peer_report(try_kdump_tools(architecture, bench)),
    )


def _smallest_job(name: str, architecture: Architecture) -> Job:
    scenario = next(known for known in SCENARIOS if known.name == name)
    return Job(
        name=f"smallest-{scenario.builder}",
        architecture=architecture,
        builder=scenario.builder,
        about="the smallest reservation that is enough, by trying",
        run=lambda bench: _smallest(scenario, architecture, bench),
    )


def _smallest_peer_job(architecture: Architecture) -> Job:
    return Job(
        name="smallest-kdump-tools",
        architecture=architecture,
        builder="kdump-tools",
        about="the same for Debian's own tool (minutes each)",
        run=lambda bench: _smallest_peer(architecture, bench),
    )


def _smallest(scenario: Scenario, architecture: Architecture, bench: Bench) -> Report:
    patient = replace(bench, timeout_s=PATIENCE_S)

    def enough(reserved_mb: int) -> Outcome | None:
        outcome = try_scenario(replace(scenario, crashkernel=f"{reserved_mb}M"), architecture, patient)
        good = outcome.session.find(COMPLETE) is not None and all(finding.is_good for finding in outcome.findings)
        return outcome if good else None

    return _least(enough, smallest_report, architecture, bench)


def _smallest_peer(architecture: Architecture, bench: Bench) -> Report:
    def enough(reserved_mb: int) -> PeerOutcome | None:
        outcome = try_kdump_tools(architecture, bench, crashkernel=f"{reserved_mb}M")
        good = outcome.saved_s is not None and outcome.findings and all(one.is_good for one in outcome.findings)
        return outcome if good else None

    def report(reserved_mb: int, outcome: PeerOutcome) -> Report:
        return peer_report(outcome, reserved_mb=reserved_mb)

    return _least(enough, report, architecture, bench)


def _least(
    enough: Callable[[int], T | None], report: Callable[[int, T], Report], architecture: Architecture, bench: Bench
) -> Report:
    best: Report | None = None
    for tried in attempts(enough, int(architecture.crashkernel.removesuffix("M")), bench.say):
        if tried.outcome:  # reported at once: the next attempt takes the dump away
            best = report(tried.reserved_mb, tried.outcome)
    if best is None:
        raise PortalError(f"less than {architecture.crashkernel} was never enough")
    return best


def all_jobs(folder: Path) -> list[Job]:
    """Return everything that can be run; `folder` holds the guides."""
    guides = {guide.scenario: guide for guide in _guides(folder)}
    jobs = [_scenario_job(scenario, one) for scenario in SCENARIOS for one in _architectures(scenario.architectures)]
    jobs += [_guide_job(guide, one) for guide in guides.values() for one in _architectures(GUIDE_ARCHITECTURES)]
    jobs += [_smallest_job("ext4", one) for one in ARCHITECTURES if one.collector == "makedumpfile"]
    jobs += [_smallest_job(name, one) for name in CHROOT_BUILDERS for one in _architectures(GUIDE_ARCHITECTURES)]
    jobs += [_smallest_peer_job(one) for one in _architectures(GUIDE_ARCHITECTURES)]
    jobs += [_peer_job(one) for one in _architectures(GUIDE_ARCHITECTURES)]
    return jobs


def _architectures(names: Sequence[str]) -> Iterator[Architecture]:
    return (architecture for architecture in ARCHITECTURES if architecture.name in names)


def _scenario_job(scenario: Scenario, architecture: Architecture) -> Job:
    return Job(
        name=scenario.name,
        architecture=architecture,
        builder=scenario.builder,
        about=scenario.about,
        run=lambda bench: lab_report(try_scenario(scenario, architecture, bench)),
    )


def _guides(folder: Path) -> Iterator[Guide]:
    for name in SETTINGS:
        file = folder / f"{name}.md"
        if file.is_file():
            yield parse_guide(file.read_text("utf-8"), name=name, source=str(file))


def _guide_job(guide: Guide, architecture: Architecture) -> Job:
    return Job(
        name=guide.scenario,
        architecture=architecture,
        builder="generic",
        about=f"the guide howto/{guide.name}.md",
        run=lambda bench: guide_report(try_guide(guide, architecture, bench)),
    )
