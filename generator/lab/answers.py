"""What came back from a guide's blocks over a console, and whether it is what the guide says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.guides import Block
from generator.model.reports import Verdict

LONGEST_OUTPUT = 4000  # characters of a block in a report
OUTPUT = "lab| "
RAN_RE = re.compile(r"lab: ran (?P<id>\S+) (?P<line>\d+) (?P<code>\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of one block."""

    block: Block
    verdict: Verdict
    said: str  # what it printed, or why it fell short


@dataclass(slots=True)
class Answer:
    """What a block printed, and what its commands ended with."""

    lines: list[str]
    codes: list[int]


def answers(said: Sequence[str]) -> dict[str, Answer]:
    """Return by a block's id what came back. Lines that belong to no command are the kernel's."""
    found: dict[str, Answer] = {}
    pending: list[str] = []
    for line in said:
        if line.startswith(OUTPUT):
            pending.append(line.removeprefix(OUTPUT))
        elif ran := RAN_RE.search(line):
            answer = found.setdefault(ran["id"], Answer([], []))
            answer.lines += pending
            answer.codes.append(int(ran["code"]))
            pending = []
    return found


def judge(block: Block, answer: Answer | None) -> Trial:
    """Compare what came back with what the guide says."""
    if block.down:
        # It took the machine down, so nothing came back; when something did, the machine survived.
        verdict = Verdict.FAIL if answer and len(answer.codes) == len(block.commands) else Verdict.DONE
        return Trial(block=block, verdict=verdict, said="" if verdict is Verdict.DONE else "the machine went on")
    if answer is None:
        return Trial(block=block, verdict=Verdict.MISS, said="it was never reached")
    problems = list(_problems(block, answer))
    shown = "\n".join([*problems, *answer.lines])[:LONGEST_OUTPUT]
    return Trial(block=block, verdict=Verdict.FAIL if problems else Verdict.PASS, said=shown)


def _problems(block: Block, answer: Answer) -> Iterator[str]:
    wanted = [0] * len(block.commands)
    if block.expect:
        wanted[-1] = block.expect.exit_code
    for command, code, want in zip(block.commands, answer.codes, wanted, strict=False):
        if code != want:
            yield f"line {command.line}: ended with {code}, not {want}: {command.text[:200]}"
    if len(answer.codes) < len(block.commands):
        command = block.commands[len(answer.codes)]
        yield f"line {command.line}: never ended: {command.text[:200]}"
    if block.expect:
        for number, text in block.expect.lines:
            if not any(_meets(line, text, block.expect.literal) for line in answer.lines):
                yield f"line {number}: no line of the output is or matches: {text}"


def _meets(line: str, text: str, literal: bool) -> bool:
    return line.strip() == text.strip() if literal else re.search(text, line.rstrip("\r")) is not None
