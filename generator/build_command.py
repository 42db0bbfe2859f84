"""What `kdump-portal build` does beside building: say what was done, and write a page of it for operators."""

import logging
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from generator import __version__
from generator.config import Options
from generator.errors import OutputError
from generator.model.builds import Built
from generator.outcome import Report
from generator.plugin import build_site, read_config
from generator.render.build_page import build_page
from generator.sources.installed import installed_packages


def build_and_tell(
    *, config_file: str | None, site_dir: str | None, strict: bool | None, options: Options, page: Path | None
) -> Report:
    """Build the site, and write `page` about it if one is wanted. A build that fails leaves the page as it was.

    Raises OutputError for a page inside the site, which holds no time, host or path and would take it away again.
    """
    if page:
        configured = read_config(config_file=config_file, options=options)[1]
        _refuse_inside(page, Path(site_dir) if site_dir else configured)
    began, start = datetime.now(UTC), time.monotonic()
    with _warnings() as problems:
        report = build_site(config_file=config_file, site_dir=site_dir, strict=strict, options=options)
    if page:
        _write(page, build_page(_built(report, problems, began, time.monotonic() - start)))
    return report


def _refuse_inside(page: Path, site: Path) -> None:
    if page.resolve().is_relative_to(site.resolve()):
        raise OutputError(f"--report {page}: this is inside the site {site}: choose another folder")


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what is said as a warning or worse."""
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    try:
        yield said
    finally:
        logging.getLogger().removeHandler(handler)


def _built(report: Report, problems: list[str], began: datetime, seconds: float) -> Built:
    return Built(
        began=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        seconds=seconds,
        stages_s=report.stages_s,
        sources=report.sources,
        written=report.written,
        kept=report.kept,
        removed=report.removed,
        problems=problems,
        versions={"kdump-portal": __version__, "Python": platform.python_version()} | installed_packages(),
    )


def _write(page: Path, text: str) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=page.parent, delete=False) as draft:
        draft.write(text)
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(page)


def summary(report: Report, seconds: float) -> str:
    """Return a few lines for people: each source, files, time by stage."""
    lines = []
    for source in report.sources:
        if "problem" in source:
            lines.append(f"{source['name']}: not available, its section says so")
        elif source["changed"]:
            lines.append(
                f"{source['name']}: {source['commits']:,} commits, {source['examined']:,} of them new, "
                f"{source['verified']:,} of {source['patches']:,} patches verified"
            )
        else:
            lines.append(f"{source['name']}: {source['commits']:,} commits, nothing new")
    lines.append(f"{report.written:,} files written, {report.kept:,} kept, {report.removed:,} removed")
    stages = ", ".join(f"{name} {time_s:.1f} s" for name, time_s in report.stages_s.items() if time_s >= 0.05)
    lines.append(f"{seconds:.1f} s" + (f" ({stages})" if stages else ""))
    return "\n".join(lines)
