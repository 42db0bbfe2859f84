"""What comes back over a console is judged by what the guide says, and by nothing else."""

import pytest

from generator.lab.answers import answers, judge
from generator.model.reports import Verdict
from generator.parse.guide import parse_guide

GUIDE = """\
```{ .console .run #size .first }
# cat /sys/kernel/kexec_crash_size
# true
```

```{ .text .expect }
^[1-9][0-9]*$
```

```{ .console .run #refused .first }
# cat /nothing
```

```{ .text .expect }
exit 1
No such file
```

```{ .console .run #crash .first .down }
# echo c > /proc/sysrq-trigger
```
"""
BLOCKS = {block.id: block for block in parse_guide(GUIDE, name="g", source="g.md").runnable}


def trial(name: str, *console: str):
    return judge(BLOCKS[name], answers(console).get(name))


def test_a_block_passes_by_its_codes_and_its_lines() -> None:
    console = ("[    1.0] noise", "lab| 268435456", "lab: ran size 2 0", "lab: ran size 3 0")
    assert trial("size", *console).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("console", "says"),
    [
        (("lab| 0", "lab: ran size 2 0", "lab: ran size 3 0"), "line 7: no line of the output is or matches: ^[1-9]"),
        (("lab| 8", "lab: ran size 2 1", "lab: ran size 3 0"), "line 2: ended with 1, not 0: cat /sys"),
        (("lab| 8", "lab: ran size 2 0"), "line 3: never ended: true"),
    ],
)
def test_what_is_wrong_is_said_with_the_line_of_the_guide(console: tuple[str, ...], says: str) -> None:
    found = trial("size", *console)
    assert found.verdict is Verdict.FAIL
    assert says in found.said


def test_a_command_that_must_fail_passes_only_with_its_code() -> None:
    assert trial("refused", "lab| No such file", "lab: ran refused 11 1").verdict is Verdict.PASS
    assert trial("refused", "lab| No such file", "lab: ran refused 11 0").verdict is Verdict.FAIL


def test_what_was_never_reached_is_a_miss() -> None:
    assert trial("size", "lab| 8").verdict is Verdict.MISS


def test_a_machine_that_survives_its_crash_has_failed() -> None:
    assert trial("crash").verdict is Verdict.DONE
    assert trial("crash", "lab: ran crash 20 0").verdict is Verdict.FAIL


def test_what_the_kernel_prints_belongs_to_no_block() -> None:
    found = answers(["[    2.0] eth0: link up", "lab| 8", "lab: ran size 2 0"])
    assert found["size"].lines == ["8"]
