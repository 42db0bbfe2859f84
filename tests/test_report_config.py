"""`reports:` of mkdocs.yml: wrong settings are refused with their line, right ones mean what they say."""

import pytest
import yaml

from generator.config import load_config
from generator.errors import ConfigError
from generator.model.report_sources import ReportSource, ReportSources

HEAD = "plugins:\n  - kdump-portal:\n      reports:\n"
SOURCES = "        sources:\n"


def load(folder, lines):
    """Load settings whose lines begin at line 4 of mkdocs.yml."""
    file = folder / "mkdocs.yml"
    file.write_text(HEAD + lines, "utf-8")
    settings = yaml.safe_load(HEAD + lines)["plugins"][0]["kdump-portal"]
    return load_config(settings, file=file, site_url="").reports


WRONG = {
    "        colour: red\n": (4, "no such setting; there are: folder, signers, sources"),
    "        folder: 3\n": (4, "must be text"),
    "        sources: [a]\n": (4, "must be a mapping"),
    SOURCES + "          Lab: {git: x}\n": (5, "lower-case"),
    SOURCES + "          ../x: {git: x}\n": (5, "lower-case"),
    SOURCES + "          lab: {}\n": (5, "needs one of"),
    SOURCES + "          lab: {git: x, folder: y}\n": (5, "needs one of"),
    SOURCES + "          lab: {git: [x]}\n": (5, "must be text"),
    SOURCES + "          lab: {folder: x, branch: y}\n": (5, "goes with `git:` alone"),
    SOURCES + "          lab: {index: x, signers: y}\n": (5, "only commits are signed"),
    SOURCES + "          lab: {git: x, origins: [3]}\n": (5, "list of texts"),
    SOURCES + "          lab:\n            git: https://ci:s3cret@example.org/x\n": (6, "KDUMP_PORTAL_TOKEN"),
}


@pytest.mark.parametrize("lines", WRONG)
def test_a_wrong_setting_is_refused_with_its_line_and_advice(tmp_path, lines):
    line, advice = WRONG[lines]
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, lines)
    assert str(raised.value).startswith(f"mkdocs.yml:{line}: kdump-portal.reports") and advice in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_nothing_said_means_the_folder_alone(tmp_path):
    assert load(tmp_path, "        {}\n") == ReportSources(folder=tmp_path / "content" / "reports")


def test_sources_speak_for_the_origin_of_their_name_unless_others_are_listed(tmp_path):
    said = load(
        tmp_path,
        "        folder: data\n        signers: keys/ours\n        sources:\n"
        "          lab: {git: https://example.org/x.git, signers: keys/lab}\n"
        "          many: {folder: ../y, origins: [a, b]}\n          web: {index: https://example.org/i.json}\n",
    )
    assert said == ReportSources(
        folder=tmp_path / "data",
        signers=str(tmp_path / "keys" / "ours"),
        sources=(
            ReportSource(
                name="lab", kind="git", address="https://example.org/x.git", origins=("lab",), branch="reports",
                signers=str(tmp_path / "keys" / "lab"),
            ),
            ReportSource(name="many", kind="folder", address="../y", origins=("a", "b")),
            ReportSource(name="web", kind="index", address="https://example.org/i.json", origins=("web",)),
        ),
    )  # fmt: skip
