"""What `kdump-portal lab` does: say what can be tried, crash machines, keep the reports."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.capture.assemble import assemble_tool
from generator.errors import PortalError
from generator.lab.architectures import ARCHITECTURES, IMPOSSIBLE, Architecture, find_architecture
from generator.lab.images import bootable
from generator.lab.machine import missing_programs, usable_accelerator
from generator.lab.packages import unpack_root
from generator.lab.reports import lab_report
from generator.lab.runs import Bench, try_scenario
from generator.lab.scenarios import SCENARIOS, Scenario, find_scenario
from generator.model.reports import Report, Verdict
from generator.sources.reports import store_report

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be run: names, or none for all; and where reports go."""

    architectures: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()
    output: Path
    cache: Path
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the table: a verdict, and what was measured; None where there was nothing to measure."""

    scenario: str
    architecture: str
    builder: str
    verdict: str
    reason: str
    seconds: float | None  # from panic to finished dump
    image_bytes: int | None
    dump_bytes: int | None
    least_memory_mb: float | None
    reserved_mb: float | None
    report: str


def planned(wish: Wish) -> tuple[tuple[Scenario, Architecture], ...]:
    """Return what a wish comes to, in the table's order. Raises PortalError for names that are none."""
    for name in wish.scenarios:
        if find_scenario(name) is None:
            raise PortalError(f"--scenario {name}: there is none; there are: {', '.join(s.name for s in SCENARIOS)}")
    for name in wish.architectures:
        if find_architecture(name) is None:
            reason = IMPOSSIBLE.get(name, f"there are: {', '.join(a.name for a in ARCHITECTURES)}")
            raise PortalError(f"--arch {name}: cannot be run here: {reason}")
    return tuple(
        (scenario, architecture)
        for scenario in SCENARIOS
        for architecture in ARCHITECTURES
        if architecture.name in scenario.architectures
        and (not wish.scenarios or scenario.name in wish.scenarios)
        and (not wish.architectures or {architecture.name, architecture.kernel_arch} & set(wish.architectures))
        and (not wish.builders or scenario.builder in wish.builders)
    )


def run_lab(wish: Wish, say: Say) -> Iterator[Row]:
    """Run everything that is wished, one machine at a time; yields each row as it comes.

    Raises PortalError when programs are missing, before anything is run. What goes wrong in one run is that run's
    verdict: `error` when the lab broke, never a pass.
    """
    plan = planned(wish)
    if missing := missing_programs([architecture for _, architecture in plan], lambda name: bool(shutil.which(name))):
        raise PortalError(f"the lab needs: {', '.join(missing)}; on Debian: apt-get install {' '.join(HOST_PACKAGES)}")
    cache = wish.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    tool = cache / "kdump-capture"
    tool.write_text(assemble_tool(), "utf-8")
    accelerators: dict[str, str] = {}
    for scenario, architecture in plan:
        say(f"{scenario.name} on {architecture.name}: {scenario.about}")
        work = cache / "runs" / f"{scenario.name}-{architecture.name}"
        try:
            accelerator = accelerators.get(architecture.name) or _accelerator(architecture, cache, say)
            accelerators[architecture.name] = accelerator
            bench = Bench(cache=cache, work=work, tool=tool, say=say, accelerator=accelerator)
            outcome = try_scenario(scenario, architecture, bench)
            report = lab_report(outcome)
        except (PortalError, OSError) as problem:
            say(f"  the lab itself failed: {problem}")
            yield _broken(scenario, architecture, str(problem))
            continue
        file, _ = store_report(wish.output, report)
        if not wish.keep:
            _tidy(work)
        yield _row(scenario, architecture, report, file)


# What the programs above come from, on Debian.
HOST_PACKAGES = (
    "qemu-system-x86", "qemu-system-ppc", "qemu-system-arm", "seabios", "ipxe-qemu", "cpio", "mmdebstrap", "e2fsprogs",
    "xfsprogs", "zstd", "xz-utils", "binutils", "kmod", "makedumpfile", "python3-libkdumpfile", "openssh-server",
    "dropbear-bin",
)  # fmt: skip


def _accelerator(architecture: Architecture, cache: Path, say: Say) -> str:
    root = unpack_root(cache, architecture, say)
    kept = cache / "kernels" / f"{architecture.name}-{root.kernel}"
    kept.mkdir(parents=True, exist_ok=True)
    found = usable_accelerator(architecture, bootable(root.kernel_file, kept, architecture.name), kept)
    say(f"{architecture.name}: {'KVM' if found == 'kvm' else 'no usable KVM, so emulated (TCG)'}")
    return found


def _tidy(work: Path) -> None:
    """Keep the console's log, the configuration and what is small; disks and dumps are large."""
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix == ".img":
            path.unlink()


def _broken(scenario: Scenario, architecture: Architecture, problem: str) -> Row:
    unknown = (None, None, None, None, None)
    return Row(scenario.name, architecture.name, scenario.builder, Verdict.ERROR.value, problem, *unknown, "")


def _row(scenario: Scenario, architecture: Architecture, report: Report, file: Path) -> Row:
    steps = report.runs[0].steps
    numbers = {number.name: number.value for step in steps for number in step.numbers}
    worst = max(steps, key=lambda step: step.verdict.severity)
    reason = "" if report.verdict is Verdict.PASS else f"{worst.name}: {worst.excerpt.partition(chr(10))[0]}"
    return Row(
        scenario=scenario.name,
        architecture=architecture.name,
        builder=scenario.builder,
        verdict=report.verdict.value,
        reason=reason,
        seconds=numbers.get("panic to finished dump"),
        image_bytes=int(numbers["image size"]),
        dump_bytes=int(numbers["dump size"]) if "dump size" in numbers else None,
        least_memory_mb=numbers.get("minimum available memory"),
        reserved_mb=numbers.get("reserved"),
        report=file.stem,
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a text table, as Markdown reads it."""
    head = ("scenario", "architecture", "builder", "verdict", "panic to dump, s", "image, MB", "dump, MB",
            "least free, MB")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = (row.scenario, row.architecture, row.builder, row.verdict, _shown(row.seconds), _mb(row.image_bytes),
                 _mb(row.dump_bytes), _shown(row.least_memory_mb))  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _mb(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / 1e6:.1f}"


def rows_json(rows: Sequence[Row]) -> str:
    """Return the rows for machines."""
    return json.dumps([asdict(row) for row in rows], indent=1)


def listing_json() -> str:
    """Return what can be run for machines; and what cannot be, with the reason."""
    known = [
        {"scenario": one.name, "architectures": one.architectures, "builder": one.builder, "about": one.about}
        for one in SCENARIOS
    ]
    absent = [{"architecture": name, "reason": reason} for name, reason in IMPOSSIBLE.items()]
    return json.dumps({"scenarios": known, "impossible": absent}, indent=1)


def listing() -> str:
    """Return what can be run, and what cannot, with the reason."""
    lines = [f"{scenario.name:22} {', '.join(scenario.architectures):28} {scenario.about}" for scenario in SCENARIOS]
    lines += [f"{name:22} {'not here':28} {reason}" for name, reason in IMPOSSIBLE.items()]
    return "\n".join(lines)
