"""The test reports put together: every page and file that shows them, in shards that change together."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

from generator.model.histories import History
from generator.model.pages import Asset, Output
from generator.model.report_histories import Brief, Line, Trial
from generator.model.report_paths import architecture_badge_path, badge_path, report_data_path
from generator.model.reports import KnownIssue, Stored
from generator.pages.paging import Part
from generator.pages.regressions import regressions_page
from generator.pages.report_data import index_data, month_data
from generator.pages.report_feeds import report_feeds
from generator.pages.report_issues import issues_page
from generator.pages.report_lines import line_outputs, line_part, line_parts
from generator.pages.report_lists import by_architecture, month_pages, month_sitemaps, reports_page
from generator.pages.report_matrix import matrix_pages
from generator.pages.report_sizes import sizes_page
from generator.pages.reports import report_page
from generator.pages.results import Results, relate_results
from generator.parse.report_form import dump_report
from generator.render.report_badges import architecture_badge, line_badge
from generator.shards import Shard

Find = Callable[[str], Stored]


def report_outputs(
    stored: Collection[Stored], issues: Iterable[KnownIssue], histories: Mapping[str, History], *, site_url: str
) -> Iterator[Output]:
    """Yield every page and file about test reports. `histories` are by the name of their source."""
    results = relate_results(stored, issues, histories, site_url)
    by_id = {one.id: one for one in stored}
    for shard in report_shards(by_id.__getitem__, results):
        yield from shard.outputs()


def report_shards(find: Find, results: Results) -> Iterator[Shard]:
    """Yield the shards: the reports of a day, the list of a month, a line of history each, and what shows all of them.

    `find` gives a report by its id. It is asked for those of a day only when the outputs of the day are.
    """
    keys = _Keys(results)
    every = []
    for month, briefs in results.months.items():
        days = []
        for day, own in groupby(briefs, key=attrgetter("day")):
            listed = tuple(own)
            days.append(_digest(*map(keys.brief, listed)))
            outputs = partial(_day_outputs, listed, find, results)
            yield Shard(name=f"day {day}", key=days[-1], is_searchable=False, outputs=outputs)
        every.append(_digest(month, *days))
        yield Shard(name=f"month {month}", key=every[-1], outputs=partial(_month_outputs, month, briefs, results))
    for line in results.lines.values():
        first, *older = line_parts(line)
        parts = []
        for part in older:
            around = (str(part.previous_path), str(part.next_path))
            parts.append(_digest(line.key, *around, *map(keys.trial, part.items)))
            name, outputs = f"line {line.key} part {part.number}", partial(_part_outputs, line, part, results)
            yield Shard(name=name, key=parts[-1], is_searchable=False, outputs=outputs)
        key = _digest(line.key, *parts, *map(keys.trial, first.items))
        every.append(key)
        yield Shard(name=f"line {line.key}", key=key, outputs=partial(_line_outputs, line, first, results))
    facts = (results.newest, *map(repr, results.issues), *sorted(results.live))
    yield Shard(name="all", key=_digest(*facts, *every), outputs=partial(_overview_outputs, results))


def _day_outputs(briefs: Sequence[Brief], find: Find, results: Results) -> Iterator[Output]:
    for brief in briefs:
        one = find(brief.id)
        yield report_page(one, results)
        yield Asset(path=report_data_path(one.id), body=(dump_report(one.report),))


def _month_outputs(month: str, briefs: Sequence[Brief], results: Results) -> Iterator[Output]:
    yield from month_pages(month, briefs, results)
    if results.site_url:
        yield month_data(month, briefs, results)
        yield from month_sitemaps(month, briefs, results)


def _part_outputs(line: Line, part: Part[Trial], results: Results) -> Iterator[Output]:
    yield line_part(line, part, results)


def _line_outputs(line: Line, first: Part[Trial], results: Results) -> Iterator[Output]:
    yield from line_outputs(line, first, results)
    yield Asset(path=badge_path(line.key), body=(line_badge(line).encode(),))


def _overview_outputs(results: Results) -> Iterator[Output]:
    yield reports_page(results)
    yield from matrix_pages(results)
    yield regressions_page(results)
    yield issues_page(results)
    yield sizes_page(results)
    for name, (good, bad, total) in by_architecture(results).items():
        badge = architecture_badge(name, good, bad, total)
        yield Asset(path=architecture_badge_path(name), body=(badge.encode(),))
    if results.site_url:
        yield from report_feeds(results)
        yield index_data(results)


class _Keys:
    """Names all that a report or a run is shown by, apart from what never changes: the report itself."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._titles = {issue.id: repr(issue) for issue in results.issues if issue.id in results.live}
        self._shown: dict[int, str] = {}  # by the subjects' identity: those of one build are one object

    def brief(self, brief: Brief) -> str:
        """Return the key of a report's page and of its row in a list."""
        other = ""
        if brief.supersedes or brief.withdraws:
            targets = [self._results.by_id.get(target) for target in (brief.supersedes, brief.withdraws) if target]
            other = repr([(target.origin, target.forged) if target else () for target in targets])
        gone = self._results.gone.get(brief.id) or ""
        own = f"{brief.id} {brief.moment} {brief.committed} {brief.signer} {brief.source} {gone} {other}"
        return own + "".join(map(self._related, brief.trials))

    def trial(self, trial: Trial) -> str:
        """Return the key of a run's row on its line."""
        gone = self._results.gone.get(trial.report)
        return f"{trial.report} {trial.number} {trial.moment} {gone.kind if gone else ''}{self._related(trial)}"

    def _related(self, trial: Trial) -> str:
        subjects = trial.subjects
        shown = self._shown.get(id(subjects))
        if shown is None:
            shown = self._shown[id(subjects)] = f" {[self._results.places.find(subject) for subject in subjects]}"
        return shown + "".join(self._titles.get(issue, "") for issue in trial.issues) if trial.issues else shown


def _digest(*facts: str) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for fact in facts:
        digest.update(fact.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
