"""What the lab runs is what the guide's marks say, and a mark that cannot be meant is named by its line."""

from pathlib import Path

import pytest

from generator.errors import ParseError
from generator.model.guides import Command
from generator.parse.guide import parse_guide

HOWTO = Path(__file__).parents[2] / "content" / "howto"
GUIDE = """---
title: A guide
---
Words.

```{ .console .run #look .host }
# cat /proc/cmdline
what one may see
$ id -u
> | grep 0
```

```{ .text .expect }
exit 3
^root=
```

````text
```{ .console .run #sample }
# no step
```
````

```{ .sh .run #all .down }
for one in 1 2; do
	echo $one
done
```

```{ .console .hardware reason="needs a board" }
# flash
```
"""


def guide(text: str, source: str = "guide.md"):
    return parse_guide(text, name="guide", source=source)


def test_blocks_have_their_line_place_commands_and_outcome() -> None:
    look, script, board = guide(GUIDE).blocks
    assert (look.id, look.line, look.kind, look.place, look.down) == ("look", 6, "console", "host", False)
    assert look.commands == (Command(7, "cat /proc/cmdline"), Command(9, "id -u\n| grep 0", root=False))
    assert look.expect.exit_code == 3
    assert look.expect.lines == ((15, "^root="),)
    assert (script.id, script.place, script.down, script.expect) == ("all", "first", True, None)
    assert script.script == "for one in 1 2; do\n\techo $one\ndone\n"
    assert board.hardware == "needs a board"
    assert guide(GUIDE).runnable == (look, script)
    assert guide(GUIDE).scenario == "howto.guide"


def test_a_fence_inside_a_longer_one_is_no_step() -> None:
    assert [block.id for block in guide(GUIDE).blocks] == ["look", "all", ""]


def test_literal_lines_need_not_be_expressions() -> None:
    text = "```{ .console .run #a }\n# true\n```\n```{ .text .expect .literal }\n[0] (\n```\n"
    assert guide(text).blocks[0].expect.literal


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```{ .console .run }\n# true\n```\n", "guide.md:1: a `.run` block needs an id"),
        ("```{ .console .run #A }\n# true\n```\n", "guide.md:1: a `.run` block needs an id"),
        ("```{ .run #a }\n# true\n```\n", "guide.md:1: a marked block is either"),
        ("```{ .console .run #a }\nno prompt\n```\n", "guide.md:1: holds no command"),
        ("```{ .console .run #a .first .host }\n# true\n```\n", "guide.md:1: a block runs at one place"),
        ("```{ .console .run #a .frist }\n# true\n```\n", "guide.md:1: `.frist` is no mark"),
        ("```{ .console .hardware }\n# true\n```\n", "guide.md:1: `.hardware` needs its reason"),
        ("```{ .console .run .hardware reason=x #a }\n# true\n```\n", "guide.md:1: a block is either `.run`"),
        ("\n```{ .text .expect }\n1\n```\n", "guide.md:2: `.expect` follows no"),
        ("```{ .sh .run #a }\ntrue\n```\n```{ .text .expect }\n\n```\n", "guide.md:4: expects nothing"),
        ("```{ .sh .run #a }\ntrue\n```\n```{ .text .expect }\n(\n```\n", "guide.md:5: is no regular expression"),
        ("```{ .sh .run #a }\ntrue\n```\n```{ .text .expect }\n[[a]\n```\n", "guide.md:5: is no regular expression"),
        ("```{ .sh .run #a }\ntrue\n```\n```{ .sh .run #a }\ntrue\n```\n", "guide.md:4: the id `a` is taken"),
        ("```{ .sh .run #a }\ntrue\n", "guide.md:1: this fence is never closed"),
        ("x" * (1 << 20) + "x", "guide.md:1: is longer"),
    ],
)
def test_a_mark_that_cannot_be_meant_is_named_by_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ParseError) as problem:
        guide(text)
    assert str(problem.value).startswith(complaint)


@pytest.mark.parametrize("file", sorted(HOWTO.glob("*.md")), ids=lambda file: file.stem)
def test_our_own_guides_can_be_read(file: Path) -> None:
    found = parse_guide(file.read_text("utf-8"), name=file.stem, source=file.name)
    lines = file.read_text("utf-8").splitlines()
    assert all(lines[block.line - 1].startswith("```{") for block in found.blocks)
