"""Read JSON (RFC 8259) from strangers: what two readers could understand differently is refused.

That is a key said twice, NaN and infinities, numbers that no double or 64-bit integer holds, and half a surrogate pair.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import NoReturn

from generator.errors import ParseError

DEEPEST = 32
LONGEST_INTEGER = 20  # digits and sign

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


class _Refused(ValueError):
    """What json.loads is stopped with; its message is the problem."""


HALF_PAIR_RE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_strict_json(text: str, *, source: str, deepest: int = DEEPEST, longest: int | None = None) -> Json:
    """Return what `text` says. Raises ParseError where it is no JSON, or deeper or longer (characters) than allowed."""
    if longest is not None and len(text) > longest:
        raise ParseError(source, 1, f"is longer than the {longest:,} characters that are read")
    try:
        value = DECODER.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as problem:
        raise ParseError(source, problem.lineno, f"is no JSON: {problem.msg}") from problem
    except _Refused as problem:
        raise ParseError(source, 1, str(problem)) from problem
    except RecursionError as problem:
        raise ParseError(source, 1, f"is nested deeper than {deepest} levels") from problem
    if not _is_within(value, deepest):
        raise ParseError(source, 1, f"is nested deeper than {deepest} levels")
    if HALF_PAIR_RE.search(text) and not _is_unicode(value):
        raise ParseError(source, 1, "holds half a surrogate pair, which is no character")
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise _Refused(f"{twice[:80]!r} is said twice in one object")
    return fields


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise _Refused(f"a number has more than {LONGEST_INTEGER} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _Refused(f"the number {digits[:LONGEST_INTEGER]} is larger than a double can hold")
    return value


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is no number")


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _is_within(value: Json, deepest: int) -> bool:
    level = [value]
    for _ in range(deepest):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return True
    return False


def _children(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_unicode(value: Json) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
