"""Every wrong setting is refused with its line and with advice; right ones mean what they say."""

from pathlib import Path

import pytest
import yaml

from generator.config import Config, Options, load_config
from generator.errors import ConfigError

HEAD = "site_name: x\nplugins:\n  - search\n  - kdump-portal:\n"


def load(folder: Path, lines: str, options: Options | None = None) -> Config:
    """Load settings that begin at line 5 of mkdocs.yml."""
    file = folder / "mkdocs.yml"
    file.write_text(HEAD + lines, "utf-8")
    plugins = yaml.safe_load(file.read_text("utf-8"))["plugins"]
    settings = next(item for item in plugins if isinstance(item, dict))["kdump-portal"] or {}
    return load_config(settings, file=file, site_url="https://example.org/x", options=options or Options(sources={}))


SOURCE = "      sources:\n        tools:\n          addresses: [https://example.org/tools.git]\n"
WRONG = {
    "      sources: [a]\n": (5, "mapping"),
    "      sources:\n        Tools: {addresses: [x]}\n": (6, "lower-case"),
    "      sources:\n        ../evil: {addresses: [x]}\n": (6, "lower-case"),
    "      sources:\n        tools: 3\n": (6, "must be a mapping"),
    "      sources:\n        tools: {title: x}\n": (6, "at least one address"),
    "      sources:\n        tools:\n          addresses: []\n": (7, "at least one address"),
    "      sources:\n        tools:\n          addresses: [3]\n": (7, "list of texts"),
    "      sources:\n        tools:\n          addresses: {a: b}\n": (7, "list of texts"),
    SOURCE + "          colour: red\n": (8, "no such setting; there are: title"),
    SOURCE + "          title: 3\n": (8, "must be text"),
    SOURCE + "          description: [a]\n": (8, "must be text"),
    SOURCE + "          branch: 2.0\n": (8, "must be text"),
    SOURCE + "          keyring: true\n": (8, "must be text"),
    SOURCE + "          trees: [2.0]\n": (8, "list of texts"),
    SOURCE + "          xz: 2\n": (8, "list of texts"),
    SOURCE + "          tarballs: yes\n": (8, "at least `url:`"),
    SOURCE + "          tarballs:\n            signature: x\n": (8, "at least `url:`"),
    SOURCE + "          tarballs:\n            url: ftp://example.org/x\n": (9, "https://"),
    SOURCE + "          tarballs:\n            url: 3\n": (9, "must be text"),
    SOURCE + "          tarballs:\n            url: https://example.org/x\n            size: 3\n": (
        10,
        "no such setting",
    ),
}


@pytest.mark.parametrize("lines", WRONG, ids=lambda lines: lines.strip().splitlines()[-1].strip())
def test_a_wrong_setting_is_refused_with_its_line_and_advice(tmp_path: Path, lines: str) -> None:
    line, advice = WRONG[lines]
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, lines)
    assert str(raised.value).startswith(f"mkdocs.yml:{line}: kdump-portal.sources")
    assert advice in str(raised.value)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, "      sources:\n        one: 1\n        two: 2\n")
    assert [line.split(": ")[0] for line in str(raised.value).splitlines()] == ["mkdocs.yml:6", "mkdocs.yml:7"]


def test_settings_that_are_left_out_have_their_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, SOURCE)
    (source,) = config.sources
    assert (source.title, source.description, source.branch, source.trees) == ("tools", "", "", ("newest",))
    assert config.cache_folder == tmp_path / ".cache"
    assert config.site_url == "https://example.org/x/"
    assert config.mirror_folder(source) == tmp_path / ".cache/mirrors/tools.git"


def test_a_portal_without_settings_has_no_sources(tmp_path: Path) -> None:
    assert load(tmp_path, "").sources == ()


def test_one_text_stands_for_a_list_of_one(tmp_path: Path) -> None:
    assert load(tmp_path, "      sources:\n        tools:\n          addresses: https://example.org/a.git\n").sources[
        0
    ].addresses == ("https://example.org/a.git",)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        (".", "{folder}"),
        ("../beside", "{parent}/beside"),
        ("beside", "{folder}/beside"),
        ("sub/folder", "{folder}/sub/folder"),
        ("/absolute/x.git", "/absolute/x.git"),
        ("https://example.org/x.git", "https://example.org/x.git"),
        ("git@example.org:x.git", "git@example.org:x.git"),
    ],
)
def test_relative_addresses_are_meant_from_mkdocs_yml_on(tmp_path: Path, address: str, meant: str) -> None:
    (source,) = load(tmp_path, f"      sources:\n        tools:\n          addresses: ['{address}']\n").sources
    assert source.addresses == (meant.format(folder=tmp_path, parent=tmp_path.parent),)


def test_the_command_line_wins_over_the_environment_and_both_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = SOURCE.replace("tools:", "kexec-tools:", 1)
    monkeypatch.setenv("KDUMP_PORTAL_SOURCE_KEXEC_TOOLS", "/from/environment")
    assert load(tmp_path, lines).sources[0].override == "/from/environment"
    options = Options(sources={"kexec-tools": "/from/command"})
    assert load(tmp_path, lines, options).sources[0].override == "/from/command"


def test_an_address_for_no_source_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--source nothing: no such source; mkdocs.yml has: tools"):
        load(tmp_path, SOURCE, Options(sources={"nothing": "/x"}))
