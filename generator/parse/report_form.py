"""The JSON document `kdump-report/1` as values of the model, and back: what is at its default is left out."""

import hashlib
import json
from dataclasses import fields

from generator.model.reports import (
    Attachment,
    Environment,
    Number,
    Report,
    Run,
    Scenario,
    Step,
    Subject,
    Verdict,
)
from generator.parse.strict_json import Json

SCHEMA = "kdump-report/1"
Form = dict[str, Json]

ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def dump_report(report: Report) -> bytes:
    """Return the canonical form: sorted keys, no spaces, UTF-8, defaults left out, a newline at the end.

    Raises ValueError where a number is none (NaN), and UnicodeEncodeError for half a surrogate pair.
    """
    return f"{ENCODER.encode(form_of(report))}\n".encode()


def report_id(report: Report) -> str:
    """Return the id of a report: the SHA-256 of its canonical form, in hexadecimal."""
    return hashlib.sha256(dump_report(report)).hexdigest()


def form_of(report: Report) -> Form:
    """Return the document of a report."""
    form = _said(report)
    form["schema"] = SCHEMA
    if report.subjects:
        form["subjects"] = [_said(subject) for subject in report.subjects]
    if environment := _environment_form(report.environment):
        form["environment"] = environment
    if report.runs:
        form["runs"] = [_run_form(run) for run in report.runs]
    return form


# Fields with a form of their own; every other is a text, a number or a tuple of texts.
APART = {"subjects", "environment", "runs", "scenario", "steps", "dimensions", "numbers", "attachments", "command_line"}
_Part = Report | Subject | Environment | Run | Scenario | Step | Number | Attachment
PLAIN = {
    kind: tuple((field.name, field.default) for field in fields(kind) if field.name not in APART)
    for kind in (Report, Subject, Environment, Run, Scenario, Step, Number, Attachment)
}


def _said(part: _Part) -> Form:
    form: Form = {}
    for name, default in PLAIN[type(part)]:
        value = getattr(part, name)
        if value != default:
            form[name] = _plain(value)
    return form


def _plain(value: str | float | tuple[str, ...]) -> Json:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    return str(value) if isinstance(value, Verdict) else value


def _environment_form(environment: Environment) -> Form:
    form = _said(environment)
    if environment.command_line:
        form["command_line"] = [f"{name}={value}" if value else name for name, value in environment.command_line]
    return form


def _run_form(run: Run) -> Form:
    form = _said(run)
    form["scenario"] = _said(run.scenario)
    if run.scenario.dimensions:
        form["scenario"]["dimensions"] = dict(run.scenario.dimensions)
    if run.steps:
        form["steps"] = [_step_form(step) for step in run.steps]
    return form


def _step_form(step: Step) -> Form:
    form = _said(step)
    if step.numbers:
        form["numbers"] = [_said(number) for number in step.numbers]
    if step.attachments:
        form["attachments"] = [_said(attachment) for attachment in step.attachments]
    return form


def report_of(form: Form) -> Report:
    """Return the report that a document says. It must be as the schema wants it."""
    said = dict(form)
    del said["schema"]
    said["subjects"] = tuple(Subject(**subject) for subject in form.get("subjects", ()))
    said["environment"] = _environment(form.get("environment", {}))
    said["runs"] = tuple(_run(run) for run in form.get("runs", ()))
    said["notes"] = tuple(form.get("notes", ()))
    return Report(**said)


def _environment(form: Form) -> Environment:
    said = dict(form)
    for name in ("memory_mb", "processors"):
        if name in said:
            said[name] = int(said[name])
    parts = (parameter.partition("=") for parameter in form.get("command_line", ()))
    said["command_line"] = tuple((name, value) for name, _, value in parts)
    return Environment(**said)


def _run(form: Form) -> Run:
    scenario = form["scenario"]
    return Run(
        scenario=Scenario(path=scenario["path"], dimensions=tuple(sorted(scenario.get("dimensions", {}).items()))),
        steps=tuple(_step(step) for step in form.get("steps", ())),
        planned=int(form["planned"]) if "planned" in form else None,
    )


VERDICTS = {str(verdict): verdict for verdict in Verdict}


def _step(form: Form) -> Step:
    said = dict(form)
    said["verdict"] = VERDICTS[form["verdict"]]
    if "attempt" in form:
        said["attempt"] = int(form["attempt"])
    if "duration_s" in form:
        said["duration_s"] = float(form["duration_s"])
    if "numbers" in form:
        said["numbers"] = tuple(_number(number) for number in form["numbers"])
    if "attachments" in form:
        said["attachments"] = tuple(_attachment(attachment) for attachment in form["attachments"])
    return Step(**said)


def _number(form: Form) -> Number:
    return Number(name=form["name"], value=float(form["value"]), unit=form["unit"])


def _attachment(form: Form) -> Attachment:
    return Attachment(**{**form, "size_bytes": int(form["size_bytes"])})
