import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from generator.model.histories import History
from generator.model.pages import Asset
from generator.model.releases import ReleaseFacts, SignatureState
from generator.pages import api
from generator.sources.archives import make_snapshot
from generator.sources.git import Mirror, list_tree
from generator.sources.schemas import load_schemas
from tests.releases_world import commit, history_of, hostile_repository, mirror_of, plain_repository

SITE = "https://portal.example/"
UNSIGNED = ReleaseFacts(signature=SignatureState(verdict="none"))


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return mirror_of(plain_repository(tmp_path / "plain"))


@pytest.fixture
def history(mirror: Mirror) -> History:
    return history_of(mirror)


def everything(mirror: Mirror, history: History, folder: Path) -> tuple[Asset, ...]:
    facts = {
        tag.name: replace(UNSIGNED, archives=make_snapshot(mirror, tag, name="kexec-tools", folder=folder))
        for tag in history.tags
    }
    return (
        api.index([history.source], SITE),
        *api.commits(history, SITE),
        api.releases(history, facts, SITE),
        api.files(history, list_tree(mirror, "HEAD"), SITE),
    )


def read(asset: Asset) -> dict:
    return json.loads(b"".join(asset.body))


def published() -> dict[str, dict]:
    return {SITE + asset.path: read(asset) for asset in api.schemas(load_schemas(), SITE)}


def check(assets: Iterable[Asset]) -> None:
    """Hold each file against the schema that it names."""
    schemas = published()
    for asset in assets:
        data = read(asset)
        jsonschema.Draft202012Validator(schemas[data["schema"]]).validate(data)


def test_every_file_holds_what_its_schema_promises(mirror, history, tmp_path):
    assets = everything(mirror, history, tmp_path / "kept")
    check(assets)
    assert [asset.path for asset in assets] == [
        "api/v1/index.json",
        "api/v1/kexec-tools/commits-2008.json",
        "api/v1/kexec-tools/commits-2011.json",
        "api/v1/kexec-tools/commits-2014.json",
        "api/v1/kexec-tools/commits-2017.json",
        "api/v1/kexec-tools/commits.json",
        "api/v1/kexec-tools/releases.json",
        "api/v1/kexec-tools/files.json",
    ]


def test_the_schemas_are_valid_and_every_one_is_used(mirror, history, tmp_path):
    schemas = published()
    for address, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$id"] == address
    used = {read(asset)["schema"] for asset in everything(mirror, history, tmp_path)}
    others = ("patches", "report", "report-index", "reports")  # see test_patches, test_report and test_reports
    assert used | {f"{SITE}api/v1/schema/{name}.json" for name in others} == set(schemas)


def test_hostile_texts_are_valid_json_too(tmp_path):
    mirror = mirror_of(hostile_repository(tmp_path / "hostile"))
    history = history_of(mirror)
    assets = everything(mirror, history, tmp_path / "kept")
    check(assets)
    records = [record for asset in assets[1:-3] for record in read(asset)["commits"]]
    assert {record["subject"] for record in records} == {"<script>alert(1)</script>", "caf\\xe9 \u202e"}
    assert {file["path"] for file in read(assets[-1])["files"]} >= {"caf\\xe9.c"}
    assert [release["commit"] for release in read(assets[-2])["releases"]].count(None) == 1


def test_a_new_commit_changes_one_shard_and_the_index(tmp_path):
    repository = plain_repository(tmp_path / "plain")
    before = {asset.path: asset.body for asset in api.commits(history_of(mirror_of(repository)), SITE)}
    commit(repository, "d.c", "int d;\n", "d: add", 1_500_000_100)
    later = history_of(mirror_of(repository))
    after = {asset.path: asset.body for asset in api.commits(replace(later, references={}), SITE)}
    changed = {path for path in after if after[path] != before.get(path)}
    # 2008: what mentions the first commit is made up, and went
    assert changed - {"api/v1/kexec-tools/commits-2008.json"} == {
        "api/v1/kexec-tools/commits-2017.json",
        "api/v1/kexec-tools/commits.json",
    }


def test_each_record_stands_on_a_line_of_its_own(history):
    shard = b"".join(api.commits(history, SITE)[1].body).decode()
    lines = [line for line in shard.splitlines() if line.startswith("  {")]
    assert [json.loads(line.rstrip(","))["subject"] for line in lines] == ["a: one", "a: add"]


def test_a_record_says_what_the_page_says(history):
    (record,) = read(api.commits(history, SITE)[3])["commits"]
    assert record["url"] == f"{SITE}git/kexec-tools/commit/{history.head}.html"
    assert record["patch"] == f"{SITE}git/kexec-tools/commit/{history.head}.patch"
    assert record["committed"] == {"seconds": 1_500_000_000, "zone": "+0100", "utc": "2017-07-14T02:40:00Z"}
    assert (record["trailers"], record["first_release"]) == ([["Fixes", "nothing"]], None)
    assert record["related"] == [["mentions", history.commits[-1].sha]]


def test_a_merge_offers_its_bundle_and_no_patch(history):
    merge = replace(history.commits[0], parents=("1" * 40, "2" * 40))
    shards = api.commits(replace(history, commits=(merge,)), SITE)
    check(shards)
    (record,) = read(shards[0])["commits"]
    assert record["bundle"].endswith(f"{merge.sha}.bundle")
    assert "patch" not in record


def test_a_submodule_has_no_page_of_its_content(history):
    asset = api.files(history, [("160000", "commit", "1" * 40, 0, "sub")], SITE)
    check([asset])
    assert read(asset)["files"][0]["url"] is None


def test_a_source_without_tags_has_an_empty_list(history):
    asset = api.releases(replace(history, tags=()), {}, SITE)
    check([asset])
    assert read(asset)["releases"] == []
