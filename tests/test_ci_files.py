"""The CI files that others copy: they load, keep the two zones apart, and use our command as it is."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from generator.cli import _parser

CI = Path(__file__).parents[1] / "ci"
CHECK, PUBLISH, GITLAB = "github-actions.yml", "github-actions-publish.yml", "gitlab-ci.yml"
GITHUB_PAGES, GITLAB_PAGES = "github-pages.yml", "gitlab-pages.yml"
TEXTS = {name: (CI / name).read_text("utf-8") for name in (CHECK, PUBLISH, GITLAB, GITHUB_PAGES, GITLAB_PAGES)}
FILES = {name: yaml.load(text, Loader=yaml.BaseLoader) for name, text in TEXTS.items()}  # `on` stays a text
JOBS = {
    "check": FILES[CHECK]["jobs"]["check"],
    "publish": FILES[PUBLISH]["jobs"]["publish"],
    "gitlab check": FILES[GITLAB]["check"],
    "gitlab publish": FILES[GITLAB]["publish"],
}
SECRET_RE = re.compile(r"secrets\.|github\.token|TOKEN|id-token")


def scripts(job: dict) -> list[str]:
    """Return what a job runs."""
    return job.get("script") or [step["run"] for step in job["steps"] if "run" in step]


def test_every_file_of_ci_is_looked_at() -> None:
    assert {file.name for file in CI.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", [CHECK, PUBLISH])
def test_nothing_of_strangers_runs_with_secrets(name: str) -> None:
    assert "pull_request_target" not in FILES[name]["on"]
    assert FILES[name]["permissions"] == {}


def test_the_first_zone_has_no_secret_and_writes_nothing() -> None:
    for job in (JOBS["check"], JOBS["gitlab check"]):
        assert not SECRET_RE.search(yaml.dump(job))
    assert JOBS["check"]["permissions"] == {"contents": "read"}
    (checkout,) = (step for step in JOBS["check"]["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] == "false"
    assert "environment" not in JOBS["check"]


def test_the_second_zone_takes_no_code_and_one_origin() -> None:
    assert set(FILES[PUBLISH]["on"]) == {"workflow_run"}
    assert FILES[PUBLISH]["on"]["workflow_run"]["workflows"] == [FILES[CHECK]["name"]]
    assert not [step for step in JOBS["publish"]["steps"] if "checkout" in step.get("uses", "")]
    assert JOBS["publish"]["permissions"] == {"actions": "read"}
    assert "head_repository.full_name == github.repository" in JOBS["publish"]["if"]
    assert JOBS["gitlab publish"]["variables"]["GIT_STRATEGY"] == "none"
    for job in (JOBS["publish"], JOBS["gitlab publish"]):
        assert '--origin "$ORIGIN"' in "\n".join(scripts(job))


def test_a_token_is_given_to_the_step_that_pushes_and_to_no_other() -> None:
    holding = [step for step in JOBS["publish"]["steps"] if "secrets." in yaml.dump(step)]
    assert [step["run"].split()[:3] for step in holding] == [["kdump-portal", "report", "push"]]
    for text in TEXTS.values():
        assert not re.search(r"https?://[^\s/]*@|--remote \S*(?:TOKEN|secrets)", text)


@pytest.mark.parametrize("job", JOBS)
def test_no_expression_is_pasted_into_a_script_and_every_job_ends(job: str) -> None:
    assert not any("${{" in script for script in scripts(JOBS[job]))
    assert JOBS[job].get("timeout-minutes") or JOBS[job].get("timeout")


@pytest.mark.parametrize("name", FILES)
def test_what_is_used_is_pinned_or_says_how(name: str) -> None:
    for line in TEXTS[name].splitlines():
        if re.match(r"\s*(?:- uses|image): ", line):
            assert re.search(r"@[0-9a-f]{40}\b|@sha256:|# pin: ", line), line
    assert "Pin what you use" in TEXTS[name]


@pytest.mark.parametrize("job", JOBS)
def test_our_command_takes_the_arguments(job: str) -> None:
    text = "\n".join(scripts(JOBS[job])).replace("\\\n", " ")
    commands = [line for line in text.splitlines() if line.strip().startswith("kdump-portal ")]
    assert commands
    for command in commands:
        _parser().parse_args(shlex.split(command)[1:])


def test_who_builds_the_portal_can_write_nothing_and_who_deploys_runs_no_code() -> None:
    pages = FILES[GITHUB_PAGES]
    build, deploy = pages["jobs"]["build"], pages["jobs"]["deploy"]
    assert pages["permissions"] == {}
    assert build["permissions"] == {"contents": "read"}
    assert not SECRET_RE.search(yaml.dump(build))
    assert [step for step in deploy["steps"] if "run" in step] == []
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


@pytest.mark.parametrize(("name", "job"), [(GITHUB_PAGES, "build"), (GITLAB_PAGES, "pages")])
def test_the_whole_portal_is_built_and_checked_as_by_hand(name: str, job: str) -> None:
    steps = FILES[name]["jobs"][job] if "jobs" in FILES[name] else FILES[name][job]
    commands = scripts(steps)
    assert "make site" in commands
    (checked,) = (command for command in commands if "kdump-portal" in command)
    _parser().parse_args(shlex.split(checked)[1:])


@pytest.mark.parametrize(("name", "job"), [(GITHUB_PAGES, "build"), (GITLAB_PAGES, "pages")])
def test_what_we_depend_on_is_audited_where_advisories_can_be_asked_for(name: str, job: str) -> None:
    jobs = FILES[name].get("jobs", FILES[name])
    assert "make audit STRICT=1" in scripts(jobs["audit"])
    assert not SECRET_RE.search(yaml.dump(jobs["audit"]))
    assert "audit" not in jobs[job].get("needs", ())
