"""The JSON Schemas that are part of this package."""

from collections.abc import Mapping
from importlib.resources import files

ENDING = ".schema.json"


def load_schemas() -> Mapping[str, str]:
    """Return name -> text of every schema that is published: of our data, and of the reports we take."""
    places = (files("generator.pages"), files("generator.parse"))
    found = {item.name: item for place in places for item in place.iterdir() if item.name.endswith(ENDING)}
    return {name.removesuffix(ENDING): found[name].read_text("utf-8") for name in sorted(found)}
