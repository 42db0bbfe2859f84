"""Reports cut down: what is kept of them is what they say, and a report is read again only when it has to be."""

from pathlib import Path

import pytest
from reports_world import ISSUES, many
from submissions_world import named, put, report

from generator.model.report_sources import Arrival, Signer
from generator.output.cache import open_cache
from generator.parse.report_form import dump_report
from generator.relate.known_issues import explainer
from generator.relate.trials import brief
from generator.sources.reports import ReportFolder, find_all, read_stored
from generator.work import briefs as module
from generator.work.briefs import MOST_SMALL, load_briefs


@pytest.fixture
def world(tmp_path: Path):
    return World(tmp_path)


class World:
    """A folder of reports and a cache; what was read is noted."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.folder = top / "reports"
        self.read: list[str] = []

    def place(self, **more) -> ReportFolder:
        return ReportFolder(folder=self.folder, shown="content/reports", **more)

    def load(self, issues=(), *places: ReportFolder):
        found, _ = find_all(places or [self.place()])
        with open_cache(self.top / "cache.sqlite") as cache:
            return load_briefs(found, issues, cache, lambda done, todo: self.read.append(todo))

    def whole(self, issues=()):
        found, _ = find_all([self.place()])
        return tuple(brief(read_stored(one), explainer(issues)) for one in found)

    def add_many(self, count: int) -> None:
        for one in many(count):
            file = self.folder / one.report.origin / f"{one.id}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(dump_report(one.report))

    def entries(self) -> int:
        with open_cache(self.top / "cache.sqlite") as cache:
            return len(cache.keys(""))


def test_what_is_kept_is_what_the_reports_say(world):
    world.add_many(1200)
    first, problems = world.load(ISSUES)
    again, _ = world.load(ISSUES)
    assert first == again == world.whole(ISSUES) and len(first) == 1200 and problems == ()
    assert world.read == [1200] * 3, "three batches, read once"


def test_equal_parts_of_many_reports_are_one_object(world):
    world.add_many(600)
    world.load()
    kept, _ = world.load()
    subjects = {trial.subjects for one in kept for trial in one.trials}
    assert len({id(trial.subjects) for one in kept for trial in one.trials}) == len(subjects)


def test_only_new_reports_are_read(world):
    put(world.folder, *(report(kernel=f"6.{minor}") for minor in range(30)))
    world.load()
    put(world.folder, report(kernel="7.1"))
    found, _ = world.load()
    assert world.read == [30, 1] and found == world.whole()


def test_a_report_whose_file_changed_is_read_again_and_complained_of(world):
    good, edited = put(world.folder, report(kernel="6.1"), report(kernel="6.2"))
    world.load()
    edited.write_bytes(edited.read_bytes().replace(b"6.2", b"6.20"))
    for _ in range(2):
        found, problems = world.load()
        assert [one.id for one in found] == [good.stem]
        assert len(problems) == 1 and "its bytes are not those of its name" in problems[0]


def test_a_report_that_is_gone_is_forgotten(world):
    here, gone = put(world.folder, report(kernel="6.1"), report(kernel="6.2"))
    world.load()
    gone.unlink()
    assert [one.id for one in world.load()[0]] == [here.stem]
    here.unlink()
    assert world.load()[0] == () and world.entries() == 0


def test_a_report_that_was_committed_since_has_its_moment(world):
    put(world.folder, report())
    before, _ = world.load()
    arrivals = {named(report())[0]: Arrival(1_700_000_000, "SHA256:own")}
    signers = (Signer(origins=("lab",), fingerprint="SHA256:own", name="the lab's bot"),)
    (after,), _ = world.load((), world.place(arrivals=arrivals, signers=signers))
    assert not before[0].committed
    assert (after.committed, after.moment, after.signer) == (True, 1_700_000_000, "the lab's bot")


def test_known_issues_are_asked_again_about_failures_alone(world):
    world.add_many(600)
    world.load()
    read = len(world.read)
    explained, _ = world.load(ISSUES)
    failures = sum(trial.outcome != "good" for one in explained for trial in one.trials)
    assert world.read[read:] and 0 < world.read[-1] <= failures < 600
    assert explained == world.whole(ISSUES) and any(trial.issues for one in explained for trial in one.trials)


def test_of_two_places_the_first_that_can_be_read_counts(world):
    put(world.folder, report())
    put(world.top / "other", report())
    other = ReportFolder(folder=world.top / "other", shown="other", source="other")
    assert [one.source for one in world.load((), world.place(), other)[0]] == [""]
    (world.folder / named(report())[0]).write_bytes(b"{}")
    found, problems = world.load((), world.place(), other)
    assert [one.source for one in found] == ["other"] and len(problems) == 1


def test_many_small_batches_become_one(world, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 100)
    for number in range(MOST_SMALL + 2):
        put(world.folder, report(kernel=f"6.{number}"))
        found, _ = world.load()
    assert len(found) == MOST_SMALL + 2 and world.entries() == 1
    assert world.load()[0] == found


def test_hostile_text_is_kept_as_it_is(world):
    evil = 'a"b\\\u202e\U0001f600</script>'
    put(world.folder, report(kernel=evil))
    world.load()
    (kept,), _ = world.load()
    assert (kept,) == world.whole() and evil in kept.trials[0].subjects[0].version
