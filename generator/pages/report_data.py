"""Reports as data, in the style of `pages.api`: an index, and a file for each month that it names."""

from collections.abc import Iterator, Sequence

from generator.model.pages import Asset
from generator.model.paths import slug
from generator.model.report_histories import Brief, Line, Trial
from generator.model.report_paths import line_path, report_data_path, report_path
from generator.pages.api import ROOT, Record, json_asset
from generator.pages.results import Results
from generator.relate.report_keys import scenario_key

INDEX = f"{ROOT}reports.json"


def shard_path(month: str) -> str:
    """Return the data of one month's reports."""
    return f"{ROOT}reports-{slug(month)}.json"


def month_data(month: str, briefs: Sequence[Brief], results: Results) -> Asset:
    """Return the reports of a month, the newest first."""
    records = [_report(brief, results) for brief in briefs]
    return json_asset(shard_path(month), "reports", results.site_url, {"month": month}, "reports", records)


def index_data(results: Results) -> Asset:
    """Return where the data of each month stands, and every line of history with its newest verdict."""
    site = results.site_url
    facts = {
        "total": len(results.briefs),
        "newest": results.newest or None,
        "months": [
            {"month": month, "reports": len(briefs), "url": site + shard_path(month)}
            for month, briefs in results.months.items()
        ],
    }
    return json_asset(INDEX, "report-index", site, facts, "lines", list(_lines(results)))


def _lines(results: Results) -> Iterator[Record]:
    for line in results.lines.values():
        yield {
            "key": line.key,
            "scenario_key": scenario_key(line.scenario),
            "path": line.scenario.path,
            "dimensions": dict(line.scenario.dimensions),
            "architecture": line.architecture or None,
            "distribution": line.distribution or None,
            "kernel_line": line.kernel_line or None,
            "runs": len(line.trials),
            "flaky_builds": line.flaky_builds,
            "verdict": line.latest.verdict.value if line.latest else None,
            "date": (line.latest.day if line.latest else "") or None,
            "report": line.latest.report if line.latest else None,
            "regression": _regression(line),
            "url": results.site_url + line_path(line.key),
        }


def _regression(line: Line) -> Record | None:
    one = line.open_regression
    return {"last_good": one.good.report, "first_bad": one.bad.report, "runs": one.count} if one else None


def _report(brief: Brief, results: Results) -> Record:
    gone = results.gone.get(brief.id)
    return {
        "id": brief.id,
        "origin": brief.origin,
        "signer": brief.signer or None,
        "date": brief.day or None,
        "verdict": brief.verdict.value,
        "counts": gone is None,
        "state": gone.kind if gone else "withdrawal" if brief.is_withdrawal else "current",
        "by": (gone.by if gone else "") or None,
        "subjects": _subjects(brief),
        "runs": [_run(trial, results) for trial in brief.trials],
        "url": results.site_url + report_path(brief.id),
        "document": results.site_url + report_data_path(brief.id),
    }


def _subjects(brief: Brief) -> list[Record]:
    subjects = brief.trials[0].subjects if brief.trials else ()
    return [{"role": one.role, "version": one.version, "commit": one.commit or None} for one in subjects]


def _run(trial: Trial, results: Results) -> Record:
    found = trial.figures
    return {
        "number": trial.number,
        "history": trial.key,
        "path": trial.scenario.path,
        "verdict": trial.verdict.value,
        "attempts_differ": trial.unsteady,
        "failed_step": trial.failure or None,
        "known_issues": [identity for identity in trial.issues if identity in results.live],
        "dump_s": found.dump_s,
        "reserved_mb": found.reserved_mb,
        "available_mb": found.available_mb,
        "dump_mb": found.dump_mb,
    }
