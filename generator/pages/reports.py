"""One report: the verdict in a sentence, then every step, failures first, and all that the report brought."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from generator.model.pages import Link, Page
from generator.model.report_histories import Standing, Trial
from generator.model.report_paths import (
    KNOWN_ISSUES,
    MATRIX,
    REPORTS,
    issue_anchor,
    line_path,
    month_path,
    report_data_path,
    report_path,
)
from generator.model.reports import Attachment, Environment, Report, Run, Step, Stored, Subject, Verdict
from generator.pages.report_pieces import brief_badge, brief_title, trial_badge
from generator.pages.reproducing import reproduce
from generator.pages.results import SECTION, Results
from generator.relate.subject_places import Places
from generator.render.escape import esc
from generator.render.html import link, outside
from generator.render.reports import (
    MEANINGS,
    build_text,
    counted,
    day_html,
    fact_list,
    mark,
    name_html,
    numbers_html,
    seconds,
    short_html,
    subject_html,
    verdict_badge,
    where_text,
)

WORDS = f'<p class="note">{link(f"{MATRIX}#words", "What the verdicts mean", report_path(""))}</p>\n'
MOST_RUNS = 100
MOST_STEPS = 500  # of a run
MOST_CHARACTERS = 200_000  # of a run's evidence


def report_page(stored: Stored, results: Results) -> Page:
    """Show one report. `results` must hold it."""
    here = report_path(stored.id)
    brief = results.by_id[stored.id]
    title = brief_title(brief)
    day = f", {brief.day}" if brief.day else ""
    return Page(
        path=here,
        title=f"{title} · {stored.id[:12]}",
        description=f"{_description(stored, brief.trials)}{day}.",
        body=(
            f"<h1>{esc(title)}</h1>\n",
            _standing(stored, results, here),
            f'<p class="verdict">{brief_badge(brief, results)} {_sentence(stored.report, brief.trials)}</p>\n',
            _facts(stored, results, here),
            "".join(_runs(stored, brief.trials, results, here)),
            _environment(stored.report.environment, stored.report.kernel_line),
            _subjects(stored.report.subjects, results.places),
            reproduce(stored.report),
            _origin(stored),
            WORDS,
        ),
        crumbs=(Link("Reports", REPORTS), Link(brief.month, month_path(brief.month))),
        section=SECTION,
        feeds=results.feeds,
        modified=brief.moment or None,
        listed=False,
    )


def _description(stored: Stored, trials: Sequence[Trial]) -> str:
    said = f"Test report of {stored.report.origin}: {stored.report.verdict.value}"
    return f"{said}, {where_text(trials[0])}" if trials else said


def _sentence(report: Report, trials: Sequence[Trial]) -> str:
    """Return the verdict in a sentence, as HTML."""
    if report.withdraws and not trials:
        return "This report only takes an earlier one back."
    if not trials:
        return "It holds no run, so there is no result. No result is never a pass."
    if len(trials) == 1:
        return _one(report.runs[0], trials[0])
    counts = [(sum(trial.verdict is verdict for trial in trials), verdict) for verdict in MEANINGS]
    said = ", ".join(f"{count:,} {verdict.value}" for count, verdict in counts if count)
    return f"Of {len(trials):,} runs on {name_html(build_text(trials[0]))}: {said}."


def _one(run: Run, trial: Trial) -> str:
    build = f"{short_html(trial.scenario.path) or 'A run without a name'} on {name_html(build_text(trial))}"
    failure = f" at the step <b>{short_html(trial.failure)}</b>" if trial.failure else ""
    last = {step.name for step in run.steps}
    short = run.planned - len(last) if run.planned is not None and run.planned > len(last) else 0
    missing = f" {counted(short, 'planned step')} did not come." if short else ""
    sentences = {
        Verdict.PASS: f"{build} did what it should, in all {counted(len(last), 'step')}.",
        Verdict.FAIL: f"{build} failed{failure}.",
        Verdict.ERROR: f"The test itself broke{failure}: it says nothing about {build}.",
        Verdict.MISS: f"{build} did not come to its end{failure and f': nothing came{failure}'}.",
        Verdict.SKIP: f"{build} was left out on purpose.",
        Verdict.DONE: f"{build} ran, and judges nothing.",
    }
    return sentences[trial.verdict] + missing


def _standing(stored: Stored, results: Results, here: str) -> str:
    """Say what became of the report, and what it did to an earlier one."""
    parts = []
    if found := results.gone.get(stored.id):
        parts.append(_gone(found, here))
    for word, target in (("supersedes", stored.report.supersedes), ("withdraws", stored.report.withdraws)):
        if target:
            parts.append(_taking_back(word, target, stored, results, here))
    return "".join(f'<p class="notice">{part}</p>\n' for part in parts)


def _gone(found: Standing, here: str) -> str:
    why = f" Reason: {esc(found.reason)}." if found.reason else ""
    if not found.by:
        return f"Its origin is not believed, so this report does not count.{why}"
    by = link(report_path(found.by), "a later report", here)
    return f"This report was {found.kind} by {by} of the same origin and no longer counts.{why}"


def _taking_back(word: str, target: str, stored: Stored, results: Results, here: str) -> str:
    other = results.by_id.get(target)
    if other is None:
        return f"It {word} report <code>{esc(target)}</code>, which is not here."
    if other.origin != stored.report.origin or stored.forged or other.forged:
        report = link(report_path(target), "another report", here)
        return f"It claims that it {word} {report}, which is without effect: only an origin takes its own reports back."
    return f"It {word} {link(report_path(target), 'an earlier report', here)}."


def _facts(stored: Stored, results: Results, here: str) -> str:
    brief = results.by_id[stored.id]
    data = report_data_path(stored.id).rpartition("/")[2]
    rows = [
        ("Received", day_html(brief.day) if brief.committed else ""),
        ("Started", f'{name_html(stored.report.started)} <span class="note">by the report\'s own clock</span>'),
        ("Origin", f"{name_html(stored.report.origin)}, {_signature(stored)}"),
        ("Pulled from", name_html(stored.source)),
        ("Data", f'<a href="{data}" download>{data[:12]}….json</a>'),
    ]
    return fact_list([row for row in rows if row[0] != "Started" or stored.report.started])


def _signature(stored: Stored) -> str:
    if stored.forged:
        return mark("bad", "not believed")
    if stored.signer:
        return f"in a commit signed by {name_html(stored.signer)}"
    return '<span class="note">in no signed commit: nobody vouches for who sent it</span>'


def _runs(stored: Stored, trials: Sequence[Trial], results: Results, here: str) -> Iterator[str]:
    """Yield the runs, failures first; of very many, good ones are left out and counted."""
    pairs = sorted(zip(stored.report.runs, trials, strict=True), key=lambda pair: -pair[1].verdict.severity)
    for run, trial in pairs[:MOST_RUNS]:
        yield _run(run, trial, results, here, alone=len(pairs) == 1)
    if len(pairs) > MOST_RUNS:
        yield f'<p class="notice">{len(pairs) - MOST_RUNS:,} further runs are in the JSON document.</p>\n'


def _run(run: Run, trial: Trial, results: Results, here: str, *, alone: bool) -> str:
    rows = [(name, name_html(value)) for name, value in run.scenario.dimensions]
    rows.append(("History", link(line_path(trial.key), "every run of it on this line", here)))
    title = "Scenario" if alone else short_html(run.scenario.path) or "unnamed scenario"
    badge = "" if alone else f" {trial_badge(trial, results)}"
    return (
        f'<h2 id="run-{trial.number}">{title}{badge}</h2>\n{fact_list(rows)}'
        f"{_issues(trial, results, here)}{_steps(run)}{_evidence(run)}"
    )


def _issues(trial: Trial, results: Results, here: str) -> str:
    items = "".join(
        f"<li>{link(f'{KNOWN_ISSUES}#{issue_anchor(issue.id)}', issue.title, here)}</li>"
        for issue in results.issues
        if issue.id in trial.issues and issue.id in results.live
    )
    return f"<p>Known issues that explain it:</p>\n<ul>{items}</ul>\n" if items else ""


STEPS_HEAD = (
    '<div class="scroll"><table class="steps"><thead><tr><th scope="col" class="num">#</th><th scope="col">Step</th>'
    '<th scope="col">Verdict</th><th scope="col" class="num">Time</th><th scope="col">Measured</th></tr></thead>'
    "<tbody>\n"
)


def _steps(run: Run) -> str:
    """Show the steps, failures first; their numbers keep the order in which they came."""
    if not run.steps:
        return '<p class="notice">No step came, so there is no result.</p>\n'
    ordered = sorted(enumerate(run.steps, 1), key=lambda pair: (pair[1].verdict in GOOD, -pair[1].verdict.severity))
    if all(step.verdict in GOOD for step in run.steps):
        ordered = list(enumerate(run.steps, 1))
    rows = "".join(_step(number, step) for number, step in ordered[:MOST_STEPS])
    hidden = len(ordered) - MOST_STEPS
    more = f'<p class="notice">{hidden:,} further steps are in the JSON document.</p>\n' if hidden > 0 else ""
    return f"{STEPS_HEAD}{rows}</tbody></table></div>\n{more}{_came(run)}"


GOOD = frozenset({Verdict.PASS, Verdict.SKIP, Verdict.DONE})


def _step(number: int, step: Step) -> str:
    under = [f"attempt {step.attempt}"] if step.attempt > 1 else []
    under += [f"on the {name_html(step.host)}"] if step.host else []
    under += [f"reported as {name_html(step.reported)}"] if step.reported and step.reported != step.verdict else []
    note = f'<span class="under">{", ".join(under)}</span>' if under else ""
    return (
        f'<tr><td class="num">{number}</td><td>{name_html(step.name)}{note}</td><td>{verdict_badge(step.verdict)}</td>'
        f'<td class="num">{seconds(step.duration_s)}</td><td>{numbers_html(step.numbers)}</td></tr>\n'
    )


def _came(run: Run) -> str:
    """Say how many steps were planned when fewer came."""
    came = len({step.name for step in run.steps})
    if run.planned is None or run.planned <= came:
        return ""
    return f'<p class="notice">{run.planned:,} steps were planned and {came:,} came. What did not come is a miss.</p>\n'


def _evidence(run: Run) -> str:
    """Show excerpts and attachments: of steps that went wrong at once, of the others on demand."""
    parts = []
    room = MOST_CHARACTERS
    for step in sorted(run.steps, key=lambda step: step.verdict in GOOD):
        if step.excerpt or step.attachments:
            shown = step.excerpt[:room]
            room -= len(shown)
            parts.append(_excerpt(step, shown))
        if room <= 0:
            parts.append('<p class="notice">There is more of it in the JSON document.</p>\n')
            break
    return f"<h3>Evidence</h3>\n{''.join(parts)}" if parts else ""


def _excerpt(step: Step, text: str) -> str:
    attempt = f", attempt {step.attempt}" if step.attempt > 1 else ""
    state = "" if step.verdict in GOOD else " open"
    log = f'<pre class="message">{esc(text)}</pre>\n' if text else ""
    files = "".join(f"<li>{_attachment(one)}</li>" for one in step.attachments)
    return (
        f"<details{state}><summary>{name_html(step.name)}{attempt}: {step.verdict.value}</summary>\n{log}"
        + (f'<ul class="downloads">{files}</ul>\n' if files else "")
        + "</details>\n"
    )


def _attachment(one: Attachment) -> str:
    name = outside(one.url, one.name) if one.url.startswith("https://") else esc(one.name)
    return (
        f'{name} <span class="note">{one.size_bytes:,} bytes, SHA-256</span> <code class="sum">{esc(one.sha256)}</code>'
    )


@lru_cache(maxsize=1 << 11)
def _environment(said: Environment, kernel_line: str) -> str:
    parameters = "<br>".join(f"<code>{name_html(_parameter(*pair))}</code>" for pair in said.command_line)
    memory = f"{said.memory_mb:,} MB" if said.memory_mb is not None else ""
    rows = [
        ("Architecture", name_html(said.architecture)),
        ("Distribution", name_html(said.distribution)),
        ("Kernel line", name_html(kernel_line)),
        ("Machine", name_html(said.machine)),
        ("Firmware", name_html(said.firmware)),
        ("Secure Boot", name_html(said.secure_boot)),
        ("Memory", memory),
        ("Processors", f"{said.processors:,}" if said.processors is not None else ""),
        ("Command line", parameters),
    ]
    shown = fact_list(rows) or '<p class="note">The report does not say on what it was tested.</p>\n'
    return f'<h2 id="environment">Environment</h2>\n{shown}'


def _parameter(name: str, value: str) -> str:
    return f"{name}={value}" if value else name


def _subjects(subjects: tuple[Subject, ...], places: Places) -> str:
    """Show what was tested. Reports stand in one folder, so the same subjects look the same on every page."""
    here = report_path("")
    rows = [
        (
            subject.role,
            subject_html(subject, places, here)
            + (f' <code class="note">{name_html(subject.commit)}</code>' if subject.commit else "")
            + (f' <span class="note">{name_html(subject.package)}</span>' if subject.package else ""),
        )
        for subject in subjects
    ]
    shown = fact_list(rows) or '<p class="note">The report does not say which versions were tested.</p>\n'
    return f'<h2 id="subjects">What was tested</h2>\n{shown}'


def _origin(stored: Stored) -> str:
    report = stored.report
    tool = f"{report.tool} {report.tool_version}".strip()
    rows = [
        ("Tool", esc(tool)),
        ("Came as", name_html(report.source_format)),
        ("Its SHA-256", f'<code class="sum">{name_html(report.source_sha256)}</code>' if report.source_sha256 else ""),
        ("Report", f'<code class="sum">{name_html(stored.id)}</code>'),
    ]
    notes = "".join(f"<li>{esc(note)}</li>" for note in report.notes)
    said = f"<p>What reading it brought up:</p>\n<ul>{notes}</ul>\n" if notes else ""
    return f'<h2 id="original">The original</h2>\n{fact_list(rows)}{said}'
