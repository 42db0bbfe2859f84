"""Pages of reports: what they say, that every link leads somewhere, and that no name from outside breaks out."""

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from types import MappingProxyType
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from reports_world import HOSTILE_ISSUES, ISSUES, PANIC, START, hostile, many, report_of, run_of, stored

from generator.assemble_reports import report_outputs, report_shards
from generator.model.commits import Commit, Person, Stamp
from generator.model.histories import GitSource, History
from generator.model.mirrors import Tag
from generator.model.pages import Page
from generator.model.paths import commit_path, release_path
from generator.model.report_paths import architecture_badge_path, line_path, report_path
from generator.model.reports import KnownIssue, Report, Stored, Subject, Verdict
from generator.pages import api
from generator.pages.results import relate_results
from generator.pages.results import tested_commits as commits_of
from generator.parse.report_form import dump_report
from generator.relate.report_keys import history_key
from generator.render.tested import tested_by as section_of
from generator.sources.schemas import load_schemas

SITE = "https://portal.example/"
VOID = {"br", "img", "input", "meta", "link", "hr"}
WRITTEN = {"api/v1/reports.json", "reports/all.atom"}
DAY = 86_400


class Document(HTMLParser):
    """Elements, ids, link targets, text of a body; it asserts that what is opened is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.elements: Counter[str] = Counter()
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert len(values) == len(attrs)
        assert not any(name.startswith("on") or name == "style" for name in values)
        self.elements[tag] += 1
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values[name] for name in ("href", "src") if name in values]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.words += [" "] if tag in ("td", "dt", "span", "th") else []

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


class Shown:
    """All outputs of some reports."""

    def __init__(
        self,
        reports: Iterable[Stored],
        issues: Iterable[KnownIssue] = (),
        histories: Mapping[str, History] = MappingProxyType({}),
        site_url: str = SITE,
    ) -> None:
        self.reports = tuple(reports)
        self.histories = histories
        self.outputs = list(report_outputs(self.reports, issues, histories, site_url=site_url))
        self.bodies = {output.path: self._body(output) for output in self.outputs}
        self.pages = {output.path: output for output in self.outputs if isinstance(output, Page)}
        self.documents = {path: Document(self.bodies[path].decode()) for path in self.pages}

    @staticmethod
    def _body(output) -> bytes:
        return b"".join(part if isinstance(part, bytes) else part.encode() for part in output.body)

    def text(self, path: str) -> str:
        return self.documents[path].text


@pytest.fixture(scope="module")
def shown() -> Shown:
    return Shown(many(300), ISSUES)


@pytest.fixture(scope="module")
def wild() -> Shown:
    return Shown(hostile(), HOSTILE_ISSUES)


@pytest.fixture(params=["shown", "wild"])
def either(request: pytest.FixtureRequest) -> Shown:
    return request.getfixturevalue(request.param)


# What holds for any set


def test_every_path_is_there_once_and_lies_inside_the_folder(either: Shown) -> None:
    counts = Counter(output.path for output in either.outputs)
    assert [path for path, count in counts.items() if count > 1] == []
    for path in counts:
        assert path.startswith(("reports/", "api/v1/reports"))
        assert posixpath.normpath(path) == path
        assert re.fullmatch(r"[A-Za-z0-9._~+/-]+", path)
        assert all(len(part) <= 200 and not part.startswith(".") for part in path.split("/"))


def test_no_path_is_another_ones_folder(either: Shown) -> None:
    paths = {output.path for output in either.outputs}
    folders = {
        "/".join(parts[:depth]) for path in paths for parts in [path.split("/")] for depth in range(1, len(parts))
    }
    assert paths & folders == set()


def test_every_link_and_anchor_leads_to_something(either: Shown) -> None:
    known = set(either.bodies) | WRITTEN
    lost = []
    for page, document in either.documents.items():
        for address in document.links:
            if address.startswith(("https://", "http://")):
                continue
            target, _, anchor = address.partition("#")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(target))) if target else page
            path = f"{path}/index.html" if target.endswith("/") else path
            ids = either.documents[path].ids if path in either.documents else [anchor]
            if path not in known or (anchor and unquote(anchor) not in ids):
                lost.append((page, address))
    assert lost == []


def test_links_of_pages_lead_to_something(either: Shown) -> None:
    known = set(either.bodies) | WRITTEN
    for page in either.pages.values():
        links = [*page.crumbs, *page.feeds, *filter(None, (page.previous, page.next))]
        assert {link.path for link in links} - known == set()


def test_the_data_is_what_its_schema_promises(either: Shown) -> None:
    schemas = {asset.path: json.loads(b"".join(asset.body)) for asset in api.schemas(load_schemas(), SITE)}
    shards = [path for path in either.bodies if path.startswith("api/v1/reports")]
    for path in shards:
        data = json.loads(either.bodies[path])
        schema = schemas[data["schema"].removeprefix(SITE)]
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(data)
    index = json.loads(either.bodies["api/v1/reports.json"])
    assert {month["url"].removeprefix(SITE) for month in index["months"]} == set(shards) - {"api/v1/reports.json"}
    assert index["total"] == len(either.reports) == sum(month["reports"] for month in index["months"])
    assert {line["url"].removeprefix(SITE) for line in index["lines"]} <= set(either.pages)


def test_every_report_has_a_page_and_its_document(either: Shown) -> None:
    for one in either.reports:
        assert report_path(one.id) in either.pages
        assert either.bodies[f"reports/report/{one.id}.json"] == dump_report(one.report)


def test_feeds_are_valid(either: Shown) -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    for path in ("reports/all.atom", "reports/regressions.atom"):
        root = ElementTree.fromstring(either.bodies[path])
        ids = [item.text for item in root.iter(f"{atom}id")]
        assert len(ids) == len(set(ids))
        for entry in root.iter(f"{atom}entry"):
            assert entry.findtext(f"{atom}id").removeprefix(SITE).partition("#")[0] in either.pages


def test_pictures_are_valid_and_say_what_they_show(either: Shown) -> None:
    pictures = [path for path in either.bodies if path.endswith(".svg")]
    assert pictures
    for path in pictures:
        root = ElementTree.fromstring(either.bodies[path])
        svg = "{http://www.w3.org/2000/svg}"
        assert root.findtext(f"{svg}title")
        assert root.find(f".//{svg}script") is None
        assert b" style=" not in either.bodies[path]


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    reports = list(many(60))
    assert Shown(reports, ISSUES).bodies == Shown(reports[::-1], ISSUES[::-1]).bodies


# What the hostile set tries


def test_no_markup_from_outside_becomes_markup(wild: Shown) -> None:
    for path, document in wild.documents.items():
        assert not {"script", "iframe", "object", "form", "style"} & set(document.elements), path
        assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae|\xe2\x80\x8b", wild.bodies[path]), path
        assert not [address for address in document.links if address.lower().startswith("javascript:")]
        assert document.elements["img"] <= 1


def test_long_names_and_towers_of_marks_are_cut_outside_of_their_own_page(wild: Shown) -> None:
    for path in wild.pages:
        if not path.startswith("reports/report/") and path != "reports/known-issues.html":
            assert b"x" * 100 not in wild.bodies[path], path
            assert "\u0301" * 4 not in wild.bodies[path].decode(), path


def test_nothing_from_outside_stands_in_a_command(wild: Shown) -> None:
    for one in wild.reports:
        body = wild.bodies[report_path(one.id)].decode()
        part = body.partition('id="reproduce"')[2].partition("<h2")[0]
        for code in re.findall(r"<code>(.*?)</code>", part, re.DOTALL):
            assert re.fullmatch(r"[A-Za-z0-9 _./=,:@+&;-]*", code.replace("&gt;", "").replace(" > ", " ")), code


def test_an_architecture_with_the_name_of_a_key_gets_a_badge_of_its_own() -> None:
    key = history_key(report_of(), run_of())
    assert architecture_badge_path(key) != f"reports/badge/{key}.svg"
    assert architecture_badge_path("x86_64") == "reports/badge/x86_64.svg"


def test_a_report_without_a_run_is_no_pass(wild: Shown) -> None:
    empty = next(one for one in wild.reports if one.report.origin == "empty")
    assert "miss It holds no run, so there is no result. No result is never a pass." in wild.text(report_path(empty.id))


# What the pages say


def page_of(*reports: Stored, **settings: object) -> str:
    """Return the text of the first report's page."""
    return Shown(reports, **settings).text(report_path(reports[0].id))


def test_a_failed_report_says_at_which_step_and_shows_that_first() -> None:
    one = stored(report_of("6.12.0", run_of("nfs", "save", excerpt=PANIC)), committed=START)
    text = page_of(one)
    assert "fail kdump.remote on 6.12.0 failed at the step save." in text
    assert text.index("5 save fail 7.2 s") < text.index("6 return miss") < text.index("1 reserve pass 0.4 s")
    assert "Out of memory: Killed process 211" in text
    assert "Command line crashkernel=256M" in text
    assert "Boot the kernel 6.12.0 on debian-13 x86_64 with crashkernel=256M nr_cpus=1 on its command line." in text
    assert "kexec --load-panic --kexec-file-syscall" in text
    assert "in no signed commit: nobody vouches for who sent it" in text


def test_steps_that_were_planned_and_did_not_come_are_told() -> None:
    run = run_of()
    text = page_of(stored(report_of("6.12.0", replace(run, steps=run.steps[:4]))))
    assert "miss kdump.local on 6.12.0 did not come to its end. 3 planned steps did not come." in text
    assert "7 steps were planned and 4 came." in text


def test_of_several_runs_the_sentence_counts_and_failures_come_first() -> None:
    text = page_of(stored(report_of("6.12.0", run_of("ext4"), run_of("nfs", "save"), run_of("raw"))))
    assert "Of 3 runs on 6.12.0: 2 pass, 1 fail." in text
    assert text.index("kdump.remote fail") < text.index("kdump.local pass")


def test_every_attempt_stays_and_the_words_of_the_tool_too() -> None:
    run = run_of()
    save = next(step for step in run.steps if step.name == "save")
    again = (replace(save, verdict=Verdict.FAIL, reported="brok", host="client"), replace(save, attempt=2))
    text = page_of(stored(report_of("6.12.0", replace(run, steps=(*run.steps[:4], *again)))))
    assert "saveon the client, reported as brok fail" in text
    assert "saveattempt 2 pass" in text


def test_a_tombstone_stays_and_says_why() -> None:
    first = stored(report_of("6.9.0", run_of(bad="save")), committed=START)
    second = stored(Report(origin="lab-one", withdraws=first.id, reason="wrong disk"), committed=START + 1)
    seen = Shown((first, second))
    said = "This report was withdrawn by a later report of the same origin and no longer counts. Reason: wrong disk."
    assert said in seen.text(report_path(first.id))
    assert "It withdraws an earlier report." in seen.text(report_path(second.id))
    key = history_key(first.report, first.report.runs[0])
    assert "no result Every report of this line was taken back." in seen.text(line_path(key))
    assert "withdrawn fail" in seen.text(line_path(key))
    assert "no result taken back" in seen.text("reports/matrix/index.html")
    assert ">no result<" in seen.bodies[f"reports/badge/{key}.svg"].decode()


def test_a_forged_origin_is_shown_as_such() -> None:
    forged = replace(stored(report_of(), signer="Mallory"), forged="the key is not one of lab-one")
    text = page_of(forged)
    assert "Its origin is not believed, so this report does not count. Reason: the key is not one of lab-one." in text
    assert "Origin lab-one, not believed" in text


def test_an_empty_cell_of_the_matrix_is_no_result_and_never_green(shown: Shown) -> None:
    body = shown.bodies["reports/matrix/index.html"].decode()
    empty = re.findall(r'<td data-column="[^"]*">(<span class="nothing">no result</span>)</td>', body)
    assert empty
    assert "badge-ok" not in "".join(empty)


def test_the_matrix_shows_regressions_flaky_builds_and_known_issues(shown: Shown) -> None:
    text = shown.text("reports/matrix/index.html")
    assert re.search(r"fail 20\d\d-\d\d-\d\d regression", text)
    assert "known issue" in text
    assert text.index("mainline") < text.index("stable-6.12") < text.index("debian-12")


def test_other_axes_have_pages_of_their_own(shown: Shown) -> None:
    assert "Scenario ext4 nfs raw ssh xfs" in shown.text("reports/matrix/by-target.html")
    assert "Scenario kexec_file_load kexec_load" in shown.text("reports/matrix/by-load.html")
    assert "Scenario debian-13" in shown.text("reports/matrix/by-distribution.html")


def test_a_matrix_too_big_for_a_page_goes_on_on_those_of_its_kernel_lines() -> None:
    reports = [
        stored(report_of("6.1.0", *(run_of(f"t{number}") for number in range(800)), kernel_line=line))
        for line in ("mainline", "stable-6.1")
    ]
    seen = Shown(reports)
    assert "stable-6.1 800 lines: 800 good." in seen.text("reports/matrix/index.html")
    assert "t799" in seen.text("reports/matrix/line/stable-6.1.html")


def regressed() -> Shown:
    """A line on which kexec-tools broke between two commits of its history."""
    commits = [made(number) for number in range(5)]
    runs = [
        stored(of_commit(commits[place].sha, bad), committed=START + place * DAY)
        for place, bad in ((0, ""), (1, ""), (3, "load"), (4, "load"))
    ]
    return Shown(runs, (), {"kexec-tools": history(commits)})


def made(number: int) -> Commit:
    person, when = Person("A", "a@example.org"), Stamp(START + number * DAY, "+0000")
    return Commit(
        sha=f"{number:040x}", tree="0" * 40, parents=(f"{number - 1:040x}",) if number else (), author=person,
        authored=when, committer=person, committed=when, subject=f"change {number}", body="", trailers=(),
    )  # fmt: skip


def history(commits: list[Commit]) -> History:
    tag = Tag(
        name="v2.0.29", commit=commits[0].sha, target="", annotated=True, tagger=None, stamp=commits[0].committed,
        subject="", body="", signature="",
    )  # fmt: skip
    source = GitSource(name="kexec-tools", title="kexec-tools", description="", addresses=())
    return History(
        source=source, branch="main", head=commits[-1].sha, commits=tuple(commits[::-1]),
        by_sha={commit.sha: commit for commit in commits}, records={}, tags=(tag,), children={}, first_tag={},
        by_tag={}, references={},
    )  # fmt: skip


def of_commit(sha: str, bad: str) -> Report:
    subjects = (Subject(role="first kernel", version="6.12.0"), Subject(role="kexec-tools", version="git", commit=sha))
    return report_of("6.12.0", run_of(bad=bad), subjects=subjects)


def test_a_regression_links_the_commits_between_good_and_bad() -> None:
    seen = regressed()
    page = seen.documents["reports/regressions.html"]
    assert "1 open regression." in page.text
    assert "regression 2 bad runs Last good pass kexec-tools 000000000000" in page.text
    assert "2 commits between, the newest first:change 3change 2" in page.text
    links = [address for address in page.links if "/git/" in address]
    assert {f"../{commit_path('kexec-tools', f'{number:040x}')}" for number in (2, 3)} <= set(links)


def test_runs_of_one_kernel_stand_by_the_commit_of_what_changed() -> None:
    seen = regressed()
    late_first = Shown(seen.reports[::-1], (), seen.histories)
    assert late_first.bodies == seen.bodies


def test_a_commit_and_a_release_say_who_tested_them() -> None:
    seen = regressed()
    released = stored(report_of("6.12.0"), committed=START)
    tested = commits_of(relate_results((*seen.reports, released), (), seen.histories, SITE))
    here = commit_path("kexec-tools", f"{3:040x}")
    section = Document(section_of("kexec-tools", f"{3:040x}", tested, here))
    assert "Tested by 1 run, 1 of them bad." in section.text
    assert f"../../../{report_path(seen.reports[2].id)}" in section.links
    release = Document(section_of("kexec-tools", "v2.0.29", tested, release_path("kexec-tools", "v2.0.29")))
    assert f"../../../../{report_path(released.id)}" in release.links
    assert section_of("kexec-tools", "v1", tested, here) == ""


def test_a_subject_leads_to_its_release() -> None:
    seen = Shown([stored(report_of("6.12.0"))], (), {"kexec-tools": history([made(0)])})
    document = seen.documents[report_path(seen.reports[0].id)]
    assert "../../git/kexec-tools/release/v2.0.29/" in document.links


def test_a_history_has_its_chart_and_the_numbers_as_a_table(shown: Shown) -> None:
    path = next(path for path, document in shown.documents.items() if document.elements["img"])
    chart = f"{path.removesuffix('.html')}.svg"
    assert posixpath.basename(chart) in shown.documents[path].links
    assert "reserved between 256 and 256 MB" in re.sub("448", "256", shown.bodies[path].decode())
    assert re.search(r"256 MB|448 MB", shown.text(path))


def test_a_long_history_goes_on_on_further_pages() -> None:
    reports = [stored(report_of(f"6.1.{number}"), committed=START + number) for number in range(600)]
    seen = Shown(reports)
    path = line_path(history_key(reports[0].report, reports[0].report.runs[0]))
    assert path.replace(".html", "~p2.html") in seen.pages
    assert "600: 600 good" in seen.text(path)
    assert len(seen.bodies[f"{path.removesuffix('.html')}.svg"]) < 30_000


def test_sizes_come_with_the_run_that_shows_them(shown: Shown) -> None:
    page = shown.documents["reports/sizing.html"]
    assert "x86_64" in page.text
    assert re.search(r"mainline nfs \d+ 4,096 \d+ 256", page.text)
    assert any(address.startswith("report/") for address in page.links)


def test_known_issues_that_match_nothing_or_expired_are_listed(shown: Shown) -> None:
    text = shown.text("reports/known-issues.html")
    assert text.index("Failures that no issue explains") < text.index("Explain failures The ssh server")
    assert text.index("Match nothing") < text.index("Never seen again matches nothing")
    assert text.index("Expired long ago expired") > text.index("Never seen again")


def test_the_first_page_counts_and_lists_months_and_architectures(shown: Shown) -> None:
    text = shown.text("reports/all/index.html")
    assert "300 reports, the newest of 2026-" in text
    assert "By month2026-" in text
    assert re.search(r"aarch64 \d+ \d+ \d+ badge", text)


def test_without_reports_the_pages_are_there_and_nothing_is_green() -> None:
    empty = Shown(())
    assert "No report is published yet, so nothing here is green." in empty.text("reports/all/index.html")
    assert "No report says anything here yet." in empty.text("reports/matrix/index.html")
    assert not [path for path, body in empty.bodies.items() if b"badge-ok" in body.partition(b"</details>")[2]]
    assert json.loads(empty.bodies["api/v1/reports.json"])["months"] == []


def test_without_an_address_of_the_site_there_are_no_feeds_and_no_data() -> None:
    seen = Shown(many(5), site_url="")
    assert not [path for path in seen.bodies if path.endswith(".atom") or path.startswith("api/")]
    assert all(page.feeds == () for page in seen.pages.values())


# Shards


def keys_of(reports: Iterable[Stored], issues: Iterable[KnownIssue] = ()) -> dict[str, str]:
    results = relate_results(reports, issues, {}, SITE)
    return {shard.name: shard.key for shard in report_shards({}.__getitem__, results)}


def test_a_new_report_changes_its_day_its_month_its_line_and_what_shows_all() -> None:
    reports = list(many(80))
    before, after = keys_of(reports[:-1]), keys_of(reports)
    changed = {name for name in after if before.get(name) != after[name]}
    key = history_key(reports[-1].report, reports[-1].report.runs[0])
    day = next(name.removeprefix("day ") for name in changed if name.startswith("day"))
    assert changed == {"all", f"line {key}", f"day {day}", f"month {day[:7]}"}


def test_equal_keys_mean_equal_outputs() -> None:
    """Whatever changes around old reports: a shard whose key stays has the same bytes."""
    reports = list(many(60))
    back = stored(Report(origin=reports[0].report.origin, withdraws=reports[0].id, reason="x"), committed=START)
    worlds = [
        (reports, ISSUES),
        ([*reports, back], ISSUES),
        (reports, ISSUES[:1]),
        (reports, (replace(ISSUES[0], title="Other"), *ISSUES[1:])),
        ([replace(reports[3], signer="Somebody"), *reports[:3], *reports[4:]], ISSUES),
        ([replace(reports[5], forged="why"), *reports[:5], *reports[6:]], ISSUES),
        (reports[:40], ISSUES),
    ]
    made_of: dict[tuple[str, str], dict[str, tuple]] = {}
    for some, issues in worlds:
        by_id = {one.id: one for one in some}
        for shard in report_shards(by_id.__getitem__, relate_results(some, issues, {}, SITE)):
            outputs = {output.path: output for output in shard.outputs()}
            assert made_of.setdefault((shard.name, shard.key), outputs) == outputs
