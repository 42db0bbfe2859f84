"""Fragments about test reports: verdicts as text and shape, numbers, scenarios, subjects."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from generator.model.paths import commit_path, release_path
from generator.model.report_histories import Trial
from generator.model.reports import Number, Scenario, Subject, Verdict
from generator.relate.report_history import changed_subjects
from generator.relate.subject_places import Places
from generator.render.escape import esc
from generator.render.html import link

SHORT = 12
KINDS = {
    Verdict.PASS: "ok",
    Verdict.FAIL: "bad",
    Verdict.ERROR: "warn",
    Verdict.MISS: "miss",
    Verdict.SKIP: "skip",
    Verdict.DONE: "done",
}
BADGES = {verdict: f'<span class="badge badge-{kind}">{verdict.value}</span>' for verdict, kind in KINDS.items()}
MEANINGS = {
    Verdict.PASS: "did what it should",
    Verdict.FAIL: "did not do what it should",
    Verdict.ERROR: "the test itself broke, so it says nothing about what was tested",
    Verdict.MISS: "was planned and did not come, most often because the host did not return",
    Verdict.SKIP: "was left out on purpose",
    Verdict.DONE: "ran, and judges nothing",
}
NO_RESULT = '<span class="nothing">no result</span>'


def verdict_badge(verdict: Verdict) -> str:
    """Return a verdict as text and shape."""
    return BADGES[verdict]


def mark(kind: str, words: str) -> str:
    """Return a badge with words of ours: kind `ok`, `warn`, `bad`, `none`."""
    return f'<span class="badge badge-{kind}">{words}</span>'


def legend() -> str:
    """Return what the verdicts mean."""
    items = "".join(f"<dt>{BADGES[verdict]}</dt><dd>{words}</dd>\n" for verdict, words in MEANINGS.items())
    nothing = f"<dt>{NO_RESULT}</dt><dd>nobody reported this: it is not known whether it works</dd>\n"
    words = f'<dl class="facts">{items}{nothing}</dl>'
    return f'<details class="legend" id="words"><summary>What the words mean</summary>\n{words}</details>\n'


def day_html(day: str) -> str:
    """Return an ISO day as a `<time>`."""
    return f'<time datetime="{day}">{day}</time>' if day else '<span class="note">undated</span>'


def seconds(value: float | None) -> str:
    """Return a duration, "" for an unknown one."""
    return "" if value is None else f"{plain(value)} s"


def megabytes(value: float | None) -> str:
    """Return a size in MB, "" for an unknown one."""
    return "" if value is None else f"{plain(value)} MB"


def plain(value: float) -> str:
    """Return a number as people write it: three digits of what is small, no fraction where it says nothing."""
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def numbers_html(numbers: Iterable[Number]) -> str:
    """Return what a step measured, each with its name and unit."""
    return "<br>".join(f"{esc(one.name)} <b>{number(one)}</b>" for one in numbers)


def number(one: Number) -> str:
    """Return a measured value with its unit, as HTML; what is no finite number is shown as it is said."""
    shown = plain(one.value) if one.value - one.value == 0 else str(one.value)
    return f"{shown} {esc(one.unit)}".rstrip()


@lru_cache(maxsize=1 << 13)
def calm(name: str) -> str:
    """Return a name for a list or a title: of a long one its beginning, of marks above a letter the first two.

    The whole name stands on the report's own page.
    """
    text = STACK_RE.sub(r"\1…", name)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@lru_cache(maxsize=1 << 13)
def name_html(name: str) -> str:
    """Return a name or a version as HTML: what `esc` does, once for the same hundred thousand times."""
    return esc(name)


@lru_cache(maxsize=1 << 13)
def short_html(name: str) -> str:
    """Return a calm name as HTML."""
    return esc(calm(name))


LONGEST = 80
STACK_RE = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")


@lru_cache(maxsize=1 << 14)
def scenario_text(scenario: Scenario) -> str:
    """Return a scenario as text: its path, and its dimensions."""
    said = ", ".join(f"{calm(name)} {calm(value)}" for name, value in scenario.dimensions)
    path = calm(scenario.path) or "unnamed scenario"
    return f"{path}: {said}" if said else path


def scenario_html(scenario: Scenario) -> str:
    """Return a scenario in two lines: its path, and below it the values of its dimensions."""
    values = " · ".join(
        f'<span class="word">{short_html(name)} </span>{short_html(value)}' for name, value in scenario.dimensions
    )
    path = short_html(scenario.path) or "unnamed scenario"
    return f'{path}<span class="under">{values}</span>' if values else path


def where_text(trial: Trial) -> str:
    """Return on what a run was: architecture, distribution, kernel line, as text."""
    environment = trial.environment
    said = (environment.architecture, environment.distribution, trial.kernel_line)
    return ", ".join(calm(part) for part in said if part) or "an environment that was not named"


def subject_text(subject: Subject | None) -> str:
    """Return what names a subject, as text."""
    if subject is None:
        return "not named"
    return calm(subject.version or subject.package or subject.commit[:SHORT]) or "not named"


def subject_html(subject: Subject | None, places: Places, here: str) -> str:
    """Return a subject's version, linked to its release or commit where the portal shows it."""
    place = places.find(subject) if subject else None
    if place is None or subject is None:
        return name_html(subject_text(subject))
    if place.commit and subject.commit:
        return link(commit_path(place.source, place.commit), subject_text(subject), here)
    return link(release_path(place.source, place.tag), subject_text(subject), here)


def version_of_role(trial: Trial, role: str) -> str:
    """Return the version of what a run tested in a role, "" when it names none."""
    return next((subject_text(subject) for subject in trial.subjects if subject.role == role), "")


def build_text(trial: Trial) -> str:
    """Return what names the build that was tested: its first kernel, else whatever it names first."""
    kernel = version_of_role(trial, "first kernel")
    if kernel or not trial.subjects:
        return kernel or "a build that was not named"
    return f"{calm(trial.subjects[0].role)} {subject_text(trial.subjects[0])}"


def told_apart(before: Trial, after: Trial) -> tuple[str, str]:
    """Return what names two builds, as text: where their kernels are the same, the first thing that is not."""
    names = build_text(before), build_text(after)
    changed = changed_subjects(before, after)
    if names[0] != names[1] or not changed:
        return names
    role, old, new = changed[0]
    if subject_text(old) == subject_text(new) and old and new and old.commit != new.commit:
        return f"{calm(role)} {old.commit[:SHORT] or '?'}", f"{calm(role)} {new.commit[:SHORT] or '?'}"
    return f"{calm(role)} {subject_text(old)}", f"{calm(role)} {subject_text(new)}"


def fact_list(rows: Sequence[tuple[str, str]]) -> str:
    """Return names (text) and their values (HTML) as a list of facts; an empty value is left out."""
    items = "".join(f"<dt>{name_html(name)}</dt><dd>{value}</dd>\n" for name, value in rows if value)
    return f'<dl class="facts">{items}</dl>\n' if items else ""


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: 1 run, 2 runs."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
