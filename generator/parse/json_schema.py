"""Make a quick check of a JSON Schema (draft 2020-12), for the few keywords that our own schema uses.

It says yes or no, and where, a hundred times faster than the library that says why. A test holds both to agree.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from generator.parse.strict_json import Json

Check = Callable[[Json], bool]
ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}


def compile_schema(schema: Mapping[str, Json]) -> Check:
    """Return a function that says whether a value is as `schema` wants it. Raises KeyError for another keyword."""
    return _Compiler(schema["$defs"], {}).check(schema)


@dataclass(frozen=True, slots=True)
class Fault:
    """The innermost value that is not as its schema wants it. `schema` asks nothing of what the value holds."""

    path: tuple[str | int, ...]
    value: Json
    schema: Mapping[str, Json]


def find_fault(schema: Mapping[str, Json], value: Json) -> Fault:
    """Return the first fault in a value that `compile_schema` refuses: the library need not walk all of it again."""
    compiler, path, inner = _Compiler(schema["$defs"], {}), [], schema
    while True:
        while "$ref" in inner:
            inner = schema["$defs"][inner["$ref"].rpartition("/")[2]]
        members = _members(inner, value)
        wrong = next(((key, part, wants) for key, part, wants in members if not compiler.check(wants)(part)), None)
        if wrong is None:
            return Fault(tuple(path), value, _shallow(inner))
        key, value, inner = wrong
        path.append(key)


def _members(schema: Mapping[str, Json], value: Json) -> Iterator[tuple[str | int, Json, Mapping[str, Json]]]:
    """Yield key, value and schema of what `value` holds, as far as the schema knows it."""
    if schema.get("type") == "array" and isinstance(value, list):
        yield from ((number, part, schema["items"]) for number, part in enumerate(value))
    elif schema.get("type") == "object" and isinstance(value, dict):
        others = schema["additionalProperties"] if "propertyNames" in schema else None
        known = schema.get("properties", {})
        yield from ((key, part, known.get(key, others)) for key, part in value.items() if known.get(key, others))


def _shallow(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    shallow = {key: value for key, value in schema.items() if key != "items"}
    if "properties" in schema:
        shallow["properties"] = dict.fromkeys(schema["properties"], True)
    if "propertyNames" in schema:
        del shallow["additionalProperties"]
    return shallow


class _Compiler:
    """Compiles every definition once; they do not refer to themselves."""

    def __init__(self, definitions: Mapping[str, Json], done: dict[str, Check]) -> None:
        self.definitions = definitions
        self.done = done

    def check(self, schema: Mapping[str, Json]) -> Check:
        keywords = {key: value for key, value in schema.items() if key not in ANNOTATIONS}
        if "$ref" in keywords:
            return self.definition(keywords["$ref"].rpartition("/")[2])
        maker = MAKERS.get(keywords.pop("type", ""), _anything)
        return maker(self, keywords)

    def definition(self, name: str) -> Check:
        if name not in self.done:
            self.done[name] = self.check(self.definitions[name])
        return self.done[name]


def _finish(keywords: Mapping[str, Json]) -> None:
    if keywords:
        raise KeyError(f"keywords that are not compiled: {', '.join(keywords)}")


def _anything(_: _Compiler, keywords: dict[str, Json]) -> Check:
    allowed = [keywords.pop("const")] if "const" in keywords else keywords.pop("enum")
    _finish(keywords)
    texts = frozenset(allowed)
    return lambda value: isinstance(value, str) and value in texts


def _string(_: _Compiler, keywords: dict[str, Json]) -> Check:
    shortest, longest = keywords.pop("minLength", 0), keywords.pop("maxLength", 1 << 62)
    matches = re.compile(keywords.pop("pattern", "")).search
    forbids = re.compile(keywords.pop("not", {"pattern": "(?!)"})["pattern"]).search
    _finish(keywords)

    def check(value: Json) -> bool:
        return (
            isinstance(value, str)
            and shortest <= len(value) <= longest
            and matches(value) is not None
            and forbids(value) is None
        )

    return check


def _number(_: _Compiler, keywords: dict[str, Json]) -> Check:
    least, most = keywords.pop("minimum"), keywords.pop("maximum")
    _finish(keywords)
    return lambda value: type(value) in (int, float) and least <= value <= most


def _integer(compiler: _Compiler, keywords: dict[str, Json]) -> Check:
    is_number = _number(compiler, keywords)
    return lambda value: is_number(value) and value == int(value)


def _array(compiler: _Compiler, keywords: dict[str, Json]) -> Check:
    most, item = keywords.pop("maxItems"), compiler.check(keywords.pop("items"))
    _finish(keywords)
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(item, value))


def _object(compiler: _Compiler, keywords: dict[str, Json]) -> Check:
    if "propertyNames" in keywords:
        return _mapping(compiler, keywords)
    checks = {name: compiler.check(schema) for name, schema in keywords.pop("properties").items()}
    required = frozenset(keywords.pop("required", ()))
    dependent = [(name, frozenset(others)) for name, others in keywords.pop("dependentRequired", {}).items()]
    if keywords.pop("additionalProperties") is not False:
        raise KeyError("additionalProperties of an object with properties must be false")
    _finish(keywords)

    def check(value: Json) -> bool:
        if not isinstance(value, dict) or not required <= value.keys():
            return False
        for name, part in value.items():
            known = checks.get(name)
            if known is None or not known(part):
                return False
        return all(others <= value.keys() for name, others in dependent if name in value)

    return check


def _mapping(compiler: _Compiler, keywords: dict[str, Json]) -> Check:
    most, item = keywords.pop("maxProperties"), compiler.check(keywords.pop("additionalProperties"))
    name = re.compile(keywords.pop("propertyNames")["pattern"]).search
    _finish(keywords)

    def check(value: Json) -> bool:
        if not isinstance(value, dict) or len(value) > most:
            return False
        return all(map(name, value)) and all(map(item, value.values()))

    return check


MAKERS = {"string": _string, "number": _number, "integer": _integer, "array": _array, "object": _object}
