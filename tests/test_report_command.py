"""`kdump-portal report` as a user runs it: what is stored, what is said, and with which status it ends."""

import json
import re
import shlex
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from git_servers import bare, daemon, smart_http
from project import Project
from submissions_world import named, put, report, ssh_key
from world import git

from generator.cli import main
from generator.config import Options, load_config
from generator.gather_reports import gather_reports
from generator.model.reports import Run, Scenario, Verdict
from generator.report_command import counts, summary

JUNIT = """<testsuite name="kdump"><testcase name="load" time="1.5"/><testcase name="save"><failure>no space left
on 192.0.2.7</failure></testcase><testcase name="later"><skipped/></testcase></testsuite>"""
SAID = ("--origin", "lab", "--kernel", "6.10", "--arch", "amd64", "--set", "target=nfs")
TOKEN = "s3cret-tok3n"


class Desk(Project):
    """A portal at which the command is run within this process, which is faster; `process` runs it as users do."""

    process = Project.run

    def __init__(self, folder, monkeypatch, capsys):
        super().__init__(folder)
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def run(self, *arguments, **more):
        with self._monkeypatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in more.items():
                patch.setenv(name, value)
            try:
                status = main(arguments)
            except SystemExit as left:
                status = left.code
        said = self._capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    """A portal without reports, and a file of results beside it."""
    desk = Desk(tmp_path / "portal", monkeypatch, capsys)
    (desk.folder / "junit.xml").write_text(JUNIT, "utf-8")
    return desk


def stored(project):
    folder = project.folder / "content" / "reports"
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.json"))


def test_inspect_shows_what_would_be_stored_and_stores_nothing(project):
    done = project.process("report", "inspect", "junit.xml", *SAID, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["verdict"] == "fail"
    assert said["counts"] == {"pass": 1, "fail": 1, "error": 0, "miss": 0, "skip": 1, "done": 0}
    assert (said["origin"], said["kernel"], said["architecture"]) == ("lab", "6.10", "x86_64")
    assert said["runs"][0]["dimensions"] == {"target": "nfs"}
    assert said["notes"] == ["redacted: 1 address"]
    assert stored(project) == []
    text = project.run("report", "inspect", "junit.xml", *SAID).stdout
    assert text.startswith(f"lab/{said['id']}.json: fail: 1 pass, 1 fail, 1 skip (6.10 x86_64)\n")


def test_add_stores_by_content_and_once(project):
    done = project.run("report", "add", "junit.xml", *SAID)
    assert done.returncode == 0, done.stderr
    (name,) = stored(project)
    assert f"content/reports/{name}: stored: fail: 1 pass, 1 fail, 1 skip" in done.stdout
    again = project.run("report", "add", "junit.xml", *SAID, "--json")
    assert [row["new"] for row in json.loads(again.stdout)] == [False]
    assert stored(project) == [name]
    data = (project.folder / "content" / "reports" / name).read_text("utf-8")
    assert "192.0.2.7" not in data and "[redacted: address]" in data


def test_add_of_a_stored_report_is_the_same_report(project):
    project.run("report", "add", "junit.xml", *SAID)
    (name,) = stored(project)
    file = f"content/reports/{name}"
    assert "is there already" in project.run("report", "add", file).stdout
    done = project.run("report", "add", file, "--kernel", "6.1")
    assert (done.returncode, "says everything itself" in done.stderr) == (1, True)
    assert stored(project) == [name]


def test_a_folder_of_choice_needs_no_portal(project, tmp_path):
    (project.folder / "mkdocs.yml").unlink()
    done = project.run("report", "add", "junit.xml", *SAID, "--folder", "out")
    assert done.returncode == 0, done.stderr
    assert len(list((project.folder / "out" / "lab").iterdir())) == 1


def test_a_sidecar_says_what_the_file_does_not_and_options_prevail(project):
    (project.folder / "said").write_text("origin = lab\nkernel = 6.1\nsubject.makedumpfile = 1.7.6\n", "utf-8")
    done = project.run("report", "inspect", "junit.xml", "--sidecar", "said", "--kernel", "6.10", "--json")
    assert json.loads(done.stdout)["subjects"] == {"first kernel": "6.10", "makedumpfile": "1.7.6"}


REFUSED = {
    "no.xml": (None, "no.xml: no such file"),
    "empty.xml": (b"", "its format is not recognized: say --format"),
    "doctype.xml": (b"<!DOCTYPE x><testsuite/>", "DOCTYPE"),
    "cut.xml": (JUNIT[:60].encode(), "cut.xml:1: "),
    "other.json": (b'{"schema": "kdump-report/1"}', "origin"),
    "twice.json": (b'{"schema": "kdump-report/1", "origin": "a", "origin": "b"}', "twice.json:1: "),
    "large.xml": (
        b"<testsuite>"
        + b"".join(b"<testcase name='%d'><failure>%s</failure></testcase>" % (n, b"y" * 16_000) for n in range(300))
        + b"</testsuite>",
        "large.xml: makes a report larger than 4 MiB: hand it in in parts",
    ),
    "odd\n\x1b[31m.xml": (b"<nothing/>", "odd\\n\\x1b[31m.xml"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_said_in_a_line_and_nothing_is_stored(project, name):
    data, reason = REFUSED[name]
    if data is not None:
        (project.folder / name).write_bytes(data)
    for action in ("inspect", "add"):
        done = project.run("report", action, name, "--origin", "lab")
        assert done.returncode == 1
        assert reason in done.stderr and "Traceback" not in done.stderr and "\x1b" not in done.stderr
    assert stored(project) == []


def test_one_refused_file_stores_none(project):
    (project.folder / "bad.xml").write_text("<x>", "utf-8")
    done = project.run("report", "add", "junit.xml", "bad.xml", *SAID)
    assert done.returncode == 1 and "bad.xml:1:" in done.stderr
    assert stored(project) == []


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ((), "add --origin NAME"),
        (("--origin", "../evil"), "lower-case letters"),
        (("--origin", "lab", "--set", "kernell=6.1"), "nearly kernel"),
        (("--origin", "lab", "--set", "no"), "is not NAME=VALUE"),
        (("--origin", "lab", "--sidecar", "none"), "none:1: cannot be read"),
        (("--origin", "lab", "--format", "tap"), "holds no TAP"),
    ],
)
def test_wrong_options_say_what_to_do(project, arguments, advice):
    done = project.run("report", "add", "junit.xml", *arguments)
    assert done.returncode in (1, 2) and advice in done.stderr and "Traceback" not in done.stderr


def test_push_sends_what_was_added_and_says_so(project, tmp_path):
    repository = bare(tmp_path / "r.git")
    project.run("report", "add", "junit.xml", *SAID)
    with daemon(tmp_path) as address:
        done = project.run("report", "push", "--remote", f"{address}/r.git", "--branch", "results")
        assert done.stdout == f"{address}/r.git results: 1 new, 0 there already\n", done.stderr
        again = project.run("report", "push", "--remote", f"{address}/r.git", "--branch", "results", "--json")
    assert json.loads(again.stdout)["commit"] == ""
    assert git(repository, "ls-tree", "-r", "--name-only", "results").decode() == stored(project)[0]
    assert git(repository, "log", "-1", "--format=%an <%ae> %s", "results") == (
        b"kdump-portal <kdump-portal@localhost> reports: a report of lab"
    )


def test_push_uses_a_token_and_never_says_it(project, tmp_path):
    repository = bare(tmp_path / "r.git")
    project.run("report", "add", "junit.xml", *SAID)
    with smart_http(tmp_path, TOKEN) as web:
        by_address = project.run("report", "push", "--remote", web.with_token("/r.git"))
        given = {"KDUMP_PORTAL_TOKEN": TOKEN, "KDUMP_PORTAL_USER": "ci-bot"}
        by_variable = project.process("report", "push", "--remote", f"{web.address}/r.git", **given)
        refused = project.run("report", "push", "--remote", web.with_token("/none.git"))
    assert (by_address.returncode, by_variable.returncode, refused.returncode) == (0, 0, 1)
    for done in (by_address, by_variable, refused):
        assert TOKEN not in done.stdout + done.stderr
    assert git(repository, "rev-list", "--count", "reports") == b"1"


def test_push_refuses_what_add_would_not_have_written(project, tmp_path):
    bare(tmp_path / "r.git")
    leaking = report()
    step = replace(leaking.runs[0].steps[0], excerpt="on host 192.0.2.7")
    leaking = replace(leaking, runs=(replace(leaking.runs[0], steps=(step, *leaking.runs[0].steps[1:])),))
    spaced = project.folder / "spaced.json"
    spaced.write_bytes(named(report())[1].replace(b":", b": "))
    files = [str(file) for file in put(project.folder / "in", report(origin="evil"), leaking, report())]
    done = project.run("report", "push", "--remote", str(tmp_path / "r.git"), "--origin", "lab", *files, "spaced.json")
    assert done.returncode == 1
    assert "is of evil, and only lab may be pushed from here" in done.stderr
    assert "must not be published" in done.stderr
    assert "spaced.json:1: is not as `kdump-portal report add` writes it" in done.stderr
    assert done.stderr.endswith("nothing was pushed\n")
    assert git(tmp_path / "r.git", "for-each-ref") == b""


def test_push_without_a_report_says_where_to_begin(project, tmp_path):
    done = project.run("report", "push", "--remote", str(tmp_path))
    assert (done.returncode, "begin with `kdump-portal report add`" in done.stderr) == (1, True)


def test_push_signs_and_names_the_author(project, tmp_path):
    repository = bare(tmp_path / "r.git")
    project.run("report", "add", "junit.xml", *SAID)
    ssh_key(project.folder, "key")
    arguments = ("--sign", "key", "--author", "Lab Bot <bot@example.org>")
    done = project.run("report", "push", "--remote", str(repository), *arguments)
    assert done.returncode == 0, done.stderr
    assert b"gpgsig -----BEGIN SSH SIGNATURE-----" in git(repository, "cat-file", "commit", "reports")
    assert git(repository, "log", "--format=%an %ce", "reports") == b"Lab Bot bot@example.org"
    assert project.run("report", "push", "--remote", "x", "--author", "nobody").returncode == 2


def test_a_forged_origin_is_shown_as_such(project, tmp_path):
    key, public = ssh_key(tmp_path, "lab-key")
    _, other = ssh_key(tmp_path, "other-key")
    (project.folder / "signers").write_text(f"lab {public}\nother {other}\n", "utf-8")
    project.configure(
        "      reports:\n        signers: ''\n        sources:\n"
        "          theirs: {git: ../r.git, origins: [lab, other], signers: signers}\n"
    )
    bare(tmp_path / "r.git")
    files = [str(file) for file in put(project.folder / "in", report(), report(origin="other"))]
    project.run("report", "push", "--remote", str(tmp_path / "r.git"), "--sign", str(key), *files)
    done = project.run("report", "pull")
    assert done.stdout == "theirs: 2 new, 0 there already, 0 gone\n", done.stderr
    lab, forged = gather_reports(portal(project), [].append).briefs
    assert (lab.origin, lab.source, lab.forged) == ("lab", "theirs", "")
    assert lab.signer.startswith("SHA256:") and lab.committed
    assert (forged.origin, forged.forged) == ("other", "the key that signed its commit is not one of other")


def portal(project):
    """Return the configuration of the project."""
    file = project.folder / "mkdocs.yml"
    settings = {"cache_dir": ".cache"}
    text = file.read_text("utf-8")
    if "theirs:" in text:
        settings["reports"] = {
            "sources": {"theirs": {"git": "../r.git", "origins": ["lab", "other"], "signers": "signers"}}
        }
    return load_config(settings, file=file, site_url="", options=Options(sources={}))


def test_pull_tells_every_source_and_fails_when_one_cannot_be_had(project, tmp_path):
    project.configure("      reports: {sources: {lab: {folder: ../theirs}, other: {folder: ../none}}}\n")
    put(tmp_path / "theirs", report())
    done = project.process("report", "pull")
    assert done.returncode == 1
    assert done.stdout == "lab: 1 new, 0 there already, 0 gone\n"
    assert "other: ../none: no such folder" in done.stderr
    assert project.run("report", "pull", "lab", "--json").returncode == 0
    assert "nine: no such source" in project.run("report", "pull", "nine").stderr


DAY = 86_400


def commit_all(project, days_ago):
    """Commit everything, as if so many days ago."""
    when = f"{int(time.time()) - days_ago * DAY} +0000"
    if not (project.folder / ".git").exists():
        git(project.folder, "init", "--quiet")
    git(project.folder, "add", "content")
    git(project.folder, "commit", "--quiet", "-m", "reports", GIT_COMMITTER_DATE=when)


def test_prune_drops_the_old_and_keeps_what_judgements_rest_on(project):
    folder = project.folder / "content" / "reports"
    history = [("6.1", Verdict.PASS), ("6.2", Verdict.PASS), ("6.3", Verdict.FAIL), ("6.4", Verdict.FAIL),
               ("6.5", Verdict.FAIL)]  # fmt: skip
    files = {kernel: put(folder, report(kernel=kernel, verdict=verdict))[0] for kernel, verdict in history}
    commit_all(project, 400)
    young = put(folder, report(origin="other", kernel="5.1"))[0]
    taken_back = files["6.2"].stem
    tombstone = put(folder, replace(report(kernel="6.0"), runs=(), withdraws=taken_back, reason="wrong"))[0]
    commit_all(project, 1)
    shown = project.run("report", "prune", "--dry-run", "--older-than", "100")
    assert shown.returncode == 0, shown.stderr
    assert f"content/reports/lab/{files['6.4'].name}: old" in shown.stdout
    assert "would go" in shown.stdout and files["6.4"].exists()
    assert f"{files['6.3'].name}: stays: the first bad of an open regression" in shown.stdout
    done = project.run("report", "prune", "--older-than", "100", "--move-to", "out", "--json")
    dropped = {path.rpartition("/")[2] for path, _ in json.loads(done.stdout)["dropped"]}
    assert files["6.4"].name in dropped and (project.folder / "out" / "lab" / files["6.4"].name).exists()
    for kept in (files["6.1"], files["6.3"], files["6.5"], young, tombstone):
        assert kept.exists(), kept


def test_prune_never_takes_what_no_commit_dates(project):
    put(project.folder / "content" / "reports", *(report(kernel=f"6.{minor}") for minor in range(4)))
    done = project.run("report", "prune", "--older-than", "0")
    assert done.stdout.splitlines()[-1].startswith("0 reports dropped")
    assert len(stored(project)) == 4
    big = project.run("report", "prune", "--larger-than", "0")
    assert big.stdout.splitlines()[-1].startswith("3 reports dropped"), big.stdout


def test_export_writes_what_others_read(project):
    project.run("report", "add", "junit.xml", *SAID)
    file = f"content/reports/{stored(project)[0]}"
    xml = project.process("report", "export", file, "--format", "junit").stdout
    assert len(ElementTree.fromstring(xml).findall(".//testcase")) == 3
    kcidb = json.loads(project.process("report", "export", file, "--format", "kcidb").stdout)
    assert kcidb["version"]["major"] >= 4


def test_help_teaches_the_way_from_a_file_to_a_branch(project):
    done = project.run("report", "--help")
    assert "report push --remote" in done.stdout and "KDUMP_PORTAL_TOKEN" in done.stdout
    assert all(len(line) <= 120 for line in done.stdout.splitlines())


PAGE = Path(__file__).parents[1] / "content" / "reports" / "publish.md"


def blocks(kind):
    """Return the code blocks of the page for newcomers."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_for_newcomers_says_what_works(project, tmp_path):
    commands = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    ours = [shlex.split(line)[1:] for line in commands if line.startswith("kdump-portal ")]
    assert [command[1] for command in ours] == ["inspect", "add", "push"]
    (project.folder / "results.xml").write_text(JUNIT, "utf-8")
    (project.folder / "said.txt").write_text(blocks("ini")[0], "utf-8")
    bare(tmp_path / "r.git")
    for command in ours:
        real = [str(tmp_path / "r.git") if "://" in word else word.replace("$(uname -m)", "s390x") for word in command]
        done = project.run(*real)
        assert done.returncode == 0, done.stderr
    assert len(git(tmp_path / "r.git", "ls-tree", "-r", "--name-only", "reports").split()) == 1
    assert project.run("report", "inspect", "results.xml", "--sidecar", "said.txt").returncode == 0
    settings = yaml.safe_load(blocks("yaml")[0])["plugins"][0]["kdump-portal"]
    (source,) = load_config(settings, file=project.folder / "mkdocs.yml", site_url="").reports.sources
    assert (source.name, source.branch, source.origins) == ("my-lab", "reports", ("my-lab",))


def test_a_case_that_its_tool_repeats_within_it_counts_once(project):
    again = '<testsuite name="s"><testcase name="a"><flakyFailure/></testcase><testcase name="b"/></testsuite>'
    (project.folder / "again.xml").write_text(again, "utf-8")
    said = json.loads(project.run("report", "inspect", "again.xml", "--origin", "lab", "--json").stdout)
    assert (said["counts"]["pass"], said["counts"]["fail"], said["runs"][0]["steps"]) == (2, 0, 3)


def test_what_was_planned_and_did_not_come_is_counted_as_missed():
    short = Run(scenario=Scenario(path="kdump.nfs"), steps=report().runs[0].steps[:3], planned=7)
    assert counts(report(runs=(short,)))["miss"] == 4
    assert summary(report(runs=())) == "miss: no result (6.12.1 x86_64)"
