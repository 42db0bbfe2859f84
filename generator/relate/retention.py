"""Which reports must stay whatever their age: those that a judgement of today rests on."""

from collections.abc import Iterable, Mapping

from generator.model.report_histories import Brief, Line


def reasons_to_keep(briefs: Iterable[Brief], lines: Iterable[Line]) -> Mapping[str, str]:
    """Return id -> why, for the reports that are never dropped; of several reasons the first.

    Of every open regression the last good, the first bad and the latest run; of every line the newest run; every
    report that takes back, or is taken back by, one that stays.
    """
    reasons: dict[str, str] = {}
    for line in lines:
        if regression := line.open_regression:
            reasons.setdefault(regression.good.report, "the last good of an open regression")
            reasons.setdefault(regression.bad.report, "the first bad of an open regression")
            reasons.setdefault(regression.latest.report, "the latest of an open regression")
        if line.latest:
            reasons.setdefault(line.latest.report, "the newest of its line")
    return reasons | _tombstones(tuple(briefs), reasons)


def _tombstones(briefs: Iterable[Brief], reasons: Mapping[str, str]) -> Mapping[str, str]:
    """Return the reports without which one that was taken back would count again."""
    here = {brief.id for brief in briefs}
    return {
        brief.id: "it takes back a report that is here"
        for brief in briefs
        if here & {brief.supersedes, brief.withdraws} and brief.id not in reasons
    }
