"""Write reports as KCIDB's JSON, version 5.3 (kcidb-io's schema v5.3), for whoever submits to it.

A step is a test `kdump.nfs.save`, a report one checkout and one build. What KCIDB has no place for stands under
`misc` as `kdump-portal`, which `parse/kcidb.py` reads back: exact names, dimensions, every number, subjects.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from generator.model.reports import Environment, Number, Report, Run, Step
from generator.parse.kcidb import COMMIT_RE, ODD_RE, OURS, TIME_RE, URL_RE
from generator.parse.naming import scenario_path
from generator.parse.report_form import report_id

VERSION = {"major": 5, "minor": 3}
FULL_COMMIT = 40  # hexadecimal digits
_Object = dict[str, object]

ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)


def kcidb_json(reports: Iterable[Report]) -> bytes:
    """Return one KCIDB document of all reports. The same reports give the same bytes.

    An id is the origin and a hash of what it names: a report that is sent twice names its objects the same way.
    Withdrawals have no place in KCIDB, and give nothing.
    """
    checkouts, builds, tests = {}, {}, {}
    for report in reports:
        if report.withdraws:
            continue
        checkout = _checkout(report)
        build = _build(report, checkout["id"])
        checkouts[checkout["id"]] = checkout
        builds[build["id"]] = build
        tests.update((test["id"], test) for test in _tests(report, build["id"]))
    objects = {"checkouts": checkouts, "builds": builds, "tests": tests}
    top = {"version": VERSION, **{key: list(said.values()) for key, said in objects.items()}}
    return f"{ENCODER.encode(top)}\n".encode()


def _named(report: Report, said: _Object) -> _Object:
    """Give an object its origin, and the id that follows from what it says."""
    origin = ODD_RE.sub("_", report.origin) or "_"
    digest = hashlib.sha256(ENCODER.encode(said).encode()).hexdigest()[:32]
    return {"id": f"{origin}:{digest}", "origin": origin, **said}


def _checkout(report: Report) -> _Object:
    kernel = next((subject for subject in report.subjects if subject.role == "first kernel"), None)
    said: _Object = {}
    if kernel:
        said["git_commit_name"] = _text(kernel.version)
        if len(kernel.commit) == FULL_COMMIT and COMMIT_RE.fullmatch(kernel.commit):
            said["git_commit_hash"] = kernel.commit
    return _named(report, said | _tree(report))


def _tree(report: Report) -> _Object:
    return {"tree_name": report.kernel_line} if report.kernel_line else {}


def _build(report: Report, checkout: str) -> _Object:
    """Return the build. It is named by its report too, which keeps the runs of two reports on one kernel apart."""
    ours = {
        "report": report_id(report),
        "subjects": [_without_empty(asdict(subject)) for subject in report.subjects],
        "tool": report.tool,
        "tool_version": report.tool_version,
    }
    said: _Object = {"checkout_id": checkout, "misc": {OURS: _without_empty(ours)}}
    if architecture := report.environment.architecture:
        said["architecture"] = ODD_RE.sub("_", architecture)
    return _named(report, said)


def _tests(report: Report, build: str) -> Iterator[_Object]:
    for number, run in enumerate(report.runs, 1):
        for step in run.steps:
            yield _named(report, _test(report, run, step, build, number))
        if not run.steps:
            yield _named(report, _nothing(report, run, build, number))


def _test(report: Report, run: Run, step: Step, build: str, number: int) -> _Object:
    said = _common(report, run, build, number)
    said["path"] = scenario_path([run.scenario.path, step.name.replace(".", "_")])
    said["status"] = step.verdict.name
    said["misc"][OURS] |= _without_empty(
        {
            "step": step.name,
            "attempt": step.attempt,
            "reported": step.reported,
            "host": step.host,
            "numbers": [asdict(measured) for measured in step.numbers],
            "attachments": [_without_empty(asdict(attachment)) for attachment in step.attachments],
        }
    )
    if step.duration_s is not None:
        said["duration"] = step.duration_s
    if step.excerpt:
        said["log_excerpt"] = _text(step.excerpt)
    if step.numbers:
        said["number"] = _number(step.numbers[0])
    if files := [
        {"name": file.name, "url": file.url} for file in step.attachments if _is_resource(file.name, file.url)
    ]:
        said["output_files"] = files
    return said


def _nothing(report: Report, run: Run, build: str, number: int) -> _Object:
    """Return the one test of a run of which no step was reported."""
    said = _common(report, run, build, number)
    said["path"] = run.scenario.path
    said["status"] = run.verdict.name
    said["misc"][OURS]["empty"] = True
    return said


def _common(report: Report, run: Run, build: str, number: int) -> _Object:
    ours = {
        "scenario": run.scenario.path,
        "dimensions": dict(run.scenario.dimensions),
        "planned": run.planned,
        "run": number,
    }
    environment = _environment(report.environment)
    said: _Object = {"build_id": build, "misc": {OURS: _without_empty(ours)}}
    if environment:
        said["environment"] = {"misc": {OURS: environment}}
    if TIME_RE.fullmatch(report.started):
        said["start_time"] = report.started
    return said


def _environment(environment: Environment) -> _Object:
    line = " ".join(f"{name}={value}" if value else name for name, value in environment.command_line)
    return _without_empty({**asdict(environment), "command_line": line})


def _number(number: Number) -> _Object:
    return {"value": number.value, **({"unit": _text(number.unit)} if number.unit != "1" else {})}


def _is_resource(name: str, url: str) -> bool:
    return bool(URL_RE.fullmatch(url) and name and not {"/", "\0"} & set(name))


def _text(text: str) -> str:
    """Return text without NUL, which the schema forbids."""
    return text.replace("\0", "\ufffd")


def _without_empty(said: _Object) -> _Object:
    return {key: value for key, value in said.items() if value not in (None, "", [], {}, ())}
