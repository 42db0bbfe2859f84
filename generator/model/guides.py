"""Guides whose commands can be run: their blocks, what each must give, and what came of it at last."""

from dataclasses import dataclass
from typing import Literal

Place = Literal["first", "capture", "host"]
"""Where a block runs: in the first kernel, in the capture environment, on the machine outside."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a block: `line` is its line in the file, `text` may hold newlines."""

    line: int
    text: str
    root: bool = True  # prompt `#`; False for `$`


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a block must give. `lines` are (line in the file, text): each must be met by a line of the output.

    `literal`: a text must be equal to a line of the output, white space at its ends left out; otherwise it is an
    extended regular expression that must match somewhere in a line. `exit_code` is that of the last command.
    """

    line: int
    lines: tuple[tuple[int, str], ...]
    literal: bool = False
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block that is marked `run` or `hardware`."""

    id: str  # unique in its guide; the name of its step in a report. "" for hardware without one
    line: int  # of the opening fence, from 1
    kind: Literal["console", "sh"]  # commands behind prompts, or a script
    place: Place
    commands: tuple[Command, ...]  # a script is one command
    down: bool = False  # the machine goes down in it
    hardware: str = ""  # why the lab cannot run it; "" it can
    expect: Expectation | None = None

    @property
    def script(self) -> str:
        """The commands as a shell script."""
        return "".join(f"{command.text}\n" for command in self.commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A page of content/howto/ by its marked blocks, in order."""

    name: str  # `first-crash`
    source: str  # the file as complaints name it
    blocks: tuple[Block, ...]

    @property
    def scenario(self) -> str:
        """The path that reports about this guide carry."""
        return f"howto.{self.name}"

    @property
    def runnable(self) -> tuple[Block, ...]:
        """The blocks that the lab runs."""
        return tuple(block for block in self.blocks if not block.hardware)
