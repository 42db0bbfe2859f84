"""What a build did, for people and for machines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """The sources with what came of each, seconds by stage, and counts of files."""

    sources: list[dict[str, object]] = field(default_factory=list)
    stages_s: dict[str, float] = field(default_factory=dict)
    changed: bool = False
    written: int = 0  # files
    kept: int = 0
    removed: int = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to a stage."""
        start = time.monotonic()
        yield
        self.stages_s[name] = round(self.stages_s.get(name, 0.0) + time.monotonic() - start, 3)


def progress(say: Callable[[str], None], name: str, what: str) -> Callable[[int, int], None]:
    """Return what tells about long work, once a second at most: it is called with what is done, and with all."""
    last = time.monotonic()

    def said(done: int, todo: int) -> None:
        nonlocal last
        if time.monotonic() - last > 1:
            last = time.monotonic()
            say(f"{name}: {done:,} of {todo:,} {what}")

    return said
