"""Where a site comes from, for machines: inputs by hash, software by version, and nothing of the machine."""

import json

from generator.pages.provenance import Input, provenance, sbom
from generator.sources.installed import installed_packages


def test_inputs_are_named_by_what_they_are() -> None:
    asset = provenance([Input(kind="git", name="x", state="1" * 40, count=7)], "abcd", "0.1.0")
    document = json.loads(b"".join(asset.body))
    assert document["inputs"] == [{"kind": "git", "name": "x", "state": "1" * 40, "count": 7}]
    assert document["generator"] == {"name": "kdump-portal", "version": "0.1.0", "code": "abcd"}


def test_the_bill_of_materials_has_what_the_portal_needs_and_what_that_needs() -> None:
    packages = installed_packages()
    assert {"mkdocs", "gitpython", "pygments", "requests", "jsonschema"} <= set(packages)
    assert {"jinja2", "urllib3", "gitdb"} <= set(packages)
    assert not {"pytest", "ruff", "kdump-portal"} & set(packages)
    document = json.loads(b"".join(sbom(packages, "0.1.0").body))
    assert document["bomFormat"] == "CycloneDX"
    one = next(part for part in document["components"] if part["name"] == "mkdocs")
    assert one["purl"] == f"pkg:pypi/mkdocs@{packages['mkdocs']}"
    assert [part["name"] for part in document["components"]] == sorted(packages)
