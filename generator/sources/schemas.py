"""The JSON Schemas that are part of this package."""

from collections.abc import Mapping
from importlib.resources import files

ENDING = ".schema.json"


def load_schemas() -> Mapping[str, str]:
    """Return name -> text of every schema that `pages.api` publishes."""
    found = {item.name: item for item in files("generator.pages").iterdir() if item.name.endswith(ENDING)}
    return {name.removesuffix(ENDING): found[name].read_text("utf-8") for name in sorted(found)}
