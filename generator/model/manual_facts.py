"""What a source's manual page is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.manuals import Manual
from generator.model.options import CommandOption


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualFacts:
    """A manual page with the options of its program, as they are at the head. `manual` is None where there is none."""

    manual: Manual | None
    options: tuple[CommandOption, ...] = ()
    added: Mapping[str, str]  # option -> the commit that first had it in a table
    blobs: Mapping[str, str]  # path -> object, of the files that are linked to
