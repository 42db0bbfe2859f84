"""Where a site comes from: its inputs by name and hash, and the software that made it; as files for machines.

`provenance.json` is ours, `sbom.cdx.json` is CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/). Neither holds a
time, a host or a path, so that the same inputs give the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.model.pages import Asset

PROVENANCE, SBOM = "provenance.json", "sbom.cdx.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One thing that the site was made from. `state` is a commit, or a digest of all that was read."""

    kind: str  # `git`, `patches`, `reports`
    name: str
    state: str
    count: int


def provenance(inputs: Sequence[Input], code: str, version: str) -> Asset:
    """Return the inputs and the generator: `code` is a digest of its sources."""
    document = {
        "schema": "kdump-portal-provenance/1",
        "generator": {"name": "kdump-portal", "version": version, "code": code},
        "inputs": [{"kind": one.kind, "name": one.name, "state": one.state, "count": one.count} for one in inputs],
    }
    return _json(PROVENANCE, document)


def sbom(packages: Mapping[str, str], version: str) -> Asset:
    """Return the bill of materials: `packages` are names with versions."""
    components = [
        {"type": "library", "name": name, "version": number, "purl": f"pkg:pypi/{name}@{number}"}
        for name, number in sorted(packages.items())
    ]
    tool = {"type": "application", "name": "kdump-portal", "version": version}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": tool},
        "components": components,
    }
    return _json(SBOM, document)


def _json(path: str, document: object) -> Asset:
    return Asset(path=path, body=(json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n",))
