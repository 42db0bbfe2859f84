"""Read the portal's own report, `kdump-report/1`, by its published schema `report.schema.json`."""

import json
import pkgutil
import re

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from generator.errors import ParseError
from generator.model.reports import Report
from generator.parse.json_schema import compile_schema, find_fault
from generator.parse.report_form import SCHEMA, dump_report, report_id, report_of
from generator.parse.strict_json import Json, parse_strict_json

__all__ = ["LONGEST", "dump_report", "parse_report", "report_id"]

LONGEST = 32 << 20  # characters
DEEPEST = 8
COMPLETE = 160  # characters of a complaint, twice

# Part of the package like its code, and read with it.
REPORT_SCHEMA = json.loads(pkgutil.get_data("generator.parse", "report.schema.json"))
is_report = compile_schema(REPORT_SCHEMA)


def parse_report(text: str, *, source: str, longest: int = LONGEST) -> Report:
    """Return the report in `text`. Raises ParseError with the line and the JSON path of what is not as it should be."""
    if len(text) > longest:
        raise ParseError(source, 1, f"is longer than the {longest:,} characters that are read")
    form = parse_strict_json(text, source=source, deepest=DEEPEST)
    if not is_report(form):
        raise _complaint(form, text, source)
    return report_of(form)


def _complaint(form: Json, text: str, source: str) -> ParseError:
    """Ask the library what is wrong. A document of another schema is told so first: the rest would not help."""
    named = form.get("schema") if isinstance(form, dict) else None
    if named != SCHEMA:
        return ParseError(source, 1, f'is no report: it must be an object with "schema": "{SCHEMA}"')
    fault = find_fault(REPORT_SCHEMA, form)
    error = best_match(Draft202012Validator(fault.schema).iter_errors(fault.value))
    place = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in fault.path)
    return ParseError(source, _line_of(text, fault.path), f"${place}: {_shown(error.message)}")


def _shown(message: str) -> str:
    """Shorten a message in its middle; what it quotes of the report must not act in a terminal."""
    if len(message) > 2 * COMPLETE:
        message = f"{message[:COMPLETE]} … {message[-COMPLETE:]}"
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in message)


SPACE_RE = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder()


def _line_of(text: str, path: tuple[str | int, ...]) -> int:
    """Return the line on which the value at `path` begins."""
    at = _skip(text, len(text) - len(text.removeprefix("\ufeff")))
    for key in path:
        at = _member(text, at, key)
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, key: str | int) -> int:
    """Return where a member of the object or array at `at` begins."""
    number = 0
    while True:
        at = _skip(text, at + 1)
        name: str | int = number
        if isinstance(key, str):
            name, at = DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if name == key:
            return at
        at = _skip(text, DECODER.raw_decode(text, at)[1])
        number += 1


def _skip(text: str, at: int) -> int:
    return SPACE_RE.match(text, at).end()
