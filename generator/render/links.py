"""The results of a link check as the file content/data/links.yml."""

import json
from collections.abc import Iterable

from generator.model.references import LinkResult

HEAD = """\
# Whether each external link of the hand-written pages answered at its last check. Written by
# `kdump-portal check --links`; ok, moved (for good, to `target`), dead (the server says that there is no such page),
# unreachable (no answer, or a refusal: that says nothing of the page).
"""


def links_file(results: Iterable[LinkResult]) -> str:
    """Return the file, links by address."""
    found = sorted(results, key=lambda result: result.url)
    return f"{HEAD}links:\n{''.join(map(_entry, found))}"


def _entry(result: LinkResult) -> str:
    rows = [("state", result.state), ("checked", result.checked)]
    rows += [("status", str(result.status))] if result.status else []
    rows += [(key, value) for key, value in (("target", result.target), ("note", result.note)) if value]
    return f"  {_text(result.url)}:\n" + "".join(
        f"    {key}: {_text(value) if key in ('target', 'note') else value}\n" for key, value in rows
    )


def _text(text: str) -> str:
    return json.dumps(text)
