"""What a run measured, read from the numbers of its steps under the names that tools give them."""

import math

from generator.model.report_histories import Figures
from generator.model.reports import Run

KINDS = {
    **dict.fromkeys(("reserved", "reserved memory", "crashkernel", "crash kernel size"), "reserved_mb"),
    **dict.fromkeys(
        ("minimum available memory", "minimum available", "minimum memory", "min available memory"), "available_mb"
    ),
    **dict.fromkeys(("dump size", "dump bytes", "vmcore size", "vmcore bytes"), "dump_mb"),
    **dict.fromkeys(("dump seconds", "dump time", "save time"), "dump_s"),
}
SAVE = frozenset({"save", "dump", "save vmcore"})  # steps whose time is the dump's, unless a number says it
MEGABYTES = {
    "b": 2**-20, "byte": 2**-20, "bytes": 2**-20, "kb": 2**-10, "kib": 2**-10, "mb": 1.0, "mib": 1.0, "m": 1.0,
    "gb": 1024.0, "gib": 1024.0,
}  # fmt: skip
SECONDS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 0.001, "min": 60.0}


def figures(run: Run) -> Figures:
    """Return the figures of a run. Of a step that was repeated the last attempt counts, of memory the least."""
    found: dict[str, float] = {}
    saved: float | None = None
    for step in {step.name: step for step in run.steps}.values():
        if step.name.lower() in SAVE and _is_size(step.duration_s):
            saved = step.duration_s
        for number in step.numbers:
            kind = KINDS.get(number.name.lower(), "")
            unit = UNITS[kind].get(number.unit.lower()) if kind else None
            if unit and _is_size(number.value):
                value = number.value * unit
                found[kind] = min(found.get(kind, value), value) if kind == "available_mb" else value
    if saved is not None:
        found.setdefault("dump_s", saved)
    return Figures(**found) if found else NOTHING


UNITS = {"reserved_mb": MEGABYTES, "available_mb": MEGABYTES, "dump_mb": MEGABYTES, "dump_s": SECONDS}
NOTHING = Figures()


def _is_size(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and 0 <= value < 1e15
