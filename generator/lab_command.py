"""What `kdump-portal lab` does: say what can be tried, crash machines, keep the reports."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from generator.capture.assemble import assemble_tool
from generator.errors import PortalError
from generator.lab.architectures import IMPOSSIBLE, Architecture
from generator.lab.images import bootable
from generator.lab.jobs import Job, Wish, all_jobs, planned
from generator.lab.machine import missing_programs, usable_accelerator
from generator.lab.packages import unpack_root
from generator.lab.reports import finished, skipped_report
from generator.lab.runs import Bench
from generator.model.reports import Report, Verdict
from generator.sources.reports import store_report

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the table: a verdict, and what was measured; None where there was nothing to measure."""

    scenario: str
    architecture: str
    builder: str
    verdict: str
    reason: str
    seconds: float | None = None  # from panic to finished dump
    image_bytes: int | None = None
    dump_bytes: int | None = None
    least_memory_mb: float | None = None
    reserved_mb: float | None = None
    report: str = ""


def run_lab(wish: Wish, say: Say) -> Iterator[Row]:
    """Run everything that is wished, one machine at a time; yields each row as it comes.

    Raises PortalError when programs are missing, before anything is run. What goes wrong in one run is that run's
    verdict: `error` when the lab broke, never a pass.
    """
    plan = planned(wish)
    if missing := missing_programs([job.architecture for job in plan], lambda name: bool(shutil.which(name))):
        raise PortalError(f"the lab needs: {', '.join(missing)}; on Debian: apt-get install {' '.join(HOST_PACKAGES)}")
    cache = wish.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    tool = cache / "kdump-capture"
    tool.write_text(assemble_tool(), "utf-8")
    for name, reason in IMPOSSIBLE.items():
        if not wish.scenarios and (not wish.architectures or name in wish.architectures):
            say(f"{name}: skipped: {reason}")
            file, _ = store_report(wish.output, skipped_report(name, reason))
            yield Row("ext4", name, "generic", Verdict.SKIP.value, reason, report=file.stem)
    accelerators: dict[str, str] = {}
    for job in plan:
        name = job.architecture.name
        say(f"{job.name} on {name}: {job.about}")
        work = cache / "runs" / f"{job.name}-{name}"
        try:
            accelerators[name] = accelerators.get(name) or _accelerator(job.architecture, cache, say)
            bench = Bench(cache=cache, work=work, tool=tool, say=say, accelerator=accelerators[name])
            report = finished(job.run(bench), job.architecture, bench)
        except (PortalError, OSError) as problem:
            say(f"  the lab itself failed: {problem}")
            yield Row(job.name, name, job.builder, Verdict.ERROR.value, str(problem))
            continue
        file, _ = store_report(wish.output, report)
        if not wish.keep:
            _tidy(work)
        yield _row(job, report, file)


# What the programs above come from, on Debian.
HOST_PACKAGES = (
    "qemu-system-x86", "qemu-system-ppc", "qemu-system-arm", "seabios", "ipxe-qemu", "cpio", "mmdebstrap", "e2fsprogs",
    "xfsprogs", "zstd", "xz-utils", "binutils", "kmod", "makedumpfile", "python3-libkdumpfile", "openssh-server",
    "dropbear-bin", "nfs-ganesha", "nfs-ganesha-vfs", "btrfs-progs",
    "openssl",
)  # fmt: skip


def _accelerator(architecture: Architecture, cache: Path, say: Say) -> str:
    root = unpack_root(cache, architecture, say)
    found = usable_accelerator(architecture, bootable(root, cache, architecture.name), cache)
    say(f"{architecture.name}: {'KVM' if found == 'kvm' else 'no usable KVM, so emulated (TCG)'}")
    return found


def _tidy(work: Path) -> None:
    """Keep the console's log, the configuration and what is small; disks and dumps are large."""
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix == ".img":
            path.unlink()


def _row(job: Job, report: Report, file: Path) -> Row:
    steps = report.runs[0].steps
    numbers = {number.name: number.value for step in steps for number in step.numbers}
    worst = max(steps, key=lambda step: step.verdict.severity)
    reason = "" if report.verdict is Verdict.PASS else f"{worst.name}: {worst.excerpt.partition(chr(10))[0]}"
    return Row(
        scenario=job.name,
        architecture=job.architecture.name,
        builder=job.builder,
        verdict=report.verdict.value,
        reason=reason,
        seconds=numbers.get("panic to finished dump"),
        image_bytes=int(numbers["image size"]) if "image size" in numbers else None,
        dump_bytes=int(numbers["dump size"]) if "dump size" in numbers else None,
        least_memory_mb=numbers.get("minimum available memory"),
        reserved_mb=numbers.get("smallest reservation", numbers.get("reserved")),
        report=file.stem,
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a text table, as Markdown reads it."""
    head = ("scenario", "architecture", "builder", "verdict", "panic to dump, s", "image, MB", "dump, MB",
            "least free, MB", "reserved, MB")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        cells = (row.scenario, row.architecture, row.builder, row.verdict, _shown(row.seconds), _mb(row.image_bytes),
                 _mb(row.dump_bytes), _shown(row.least_memory_mb), _shown(row.reserved_mb))  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _mb(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{size_bytes / 1e6:.1f}"


def rows_json(rows: Sequence[Row]) -> str:
    """Return the rows for machines."""
    return json.dumps([asdict(row) for row in rows], indent=1)


def listing_json(guides: Path) -> str:
    """Return what can be run for machines; and what cannot be, with the reason."""
    known = [
        {"scenario": job.name, "architectures": names, "builder": job.builder, "about": job.about}
        for job, names in _grouped(guides)
    ]
    absent = [{"architecture": name, "reason": reason} for name, reason in IMPOSSIBLE.items()]
    return json.dumps({"scenarios": known, "impossible": absent}, indent=1)


def listing(guides: Path) -> str:
    """Return what can be run, and what cannot, with the reason."""
    lines = [f"{job.name:24} {', '.join(names):28} {job.about}" for job, names in _grouped(guides)]
    lines += [f"{name:24} {'skipped':28} {reason}" for name, reason in IMPOSSIBLE.items()]
    return "\n".join(lines)


def _grouped(guides: Path) -> Iterator[tuple[Job, list[str]]]:
    """Yield each thing that can be run once, with the architectures."""
    for _, group in groupby(all_jobs(guides), key=lambda job: job.name):
        jobs = list(group)
        yield jobs[0], [job.architecture.name for job in jobs]
