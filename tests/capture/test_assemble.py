"""The assembled tool: one file, the same every time, clean under the strictest linters."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_machine import SHELLS, here

from generator.capture import assemble

PARTS = sorted((assemble.FOLDER / "parts").glob("*.sh"))
# SC2012: sizes and modes of one file are read from `ls -ln`: stat is not in POSIX and differs between systems.
# SC2015: `a && b || die` is meant where b is a question too.
# SC2034: variables that only another part, or a caller, reads.
EXCLUDED = "SC2012,SC2015,SC2034"


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    file = tmp_path / "kdump-capture"
    file.write_text(assemble.assemble_tool(), encoding="utf-8")
    return file


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not here: tests/prepare brings it")


def test_twice_the_same_bytes_and_the_digest_is_of_the_parts() -> None:
    text = assemble.assemble_tool()
    assert text == assemble.assemble_tool()
    parts = "".join((assemble.FOLDER / "parts" / f"{name}.sh").read_text("utf-8") for name in assemble.PARTS)
    assert f"source digest {hashlib.sha256(parts.encode()).hexdigest()[:16]}." in text
    assert f"VERSION={assemble.tool_version()}\n" in text
    assert not re.search("@[A-Z]+@", text)


def test_every_part_is_in_it() -> None:
    assert sorted(assemble.PARTS) == [part.stem for part in PARTS]


def test_it_is_ascii_for_a_shell_in_the_c_locale_reads_no_other() -> None:
    assert assemble.assemble_tool().isascii()


def test_no_function_is_defined_twice_and_none_is_long() -> None:
    names, lengths = [], {}
    for part in PARTS:
        lines = part.read_text("utf-8").splitlines()
        for at, line in enumerate(lines):
            if found := re.fullmatch(r"([a-z_0-9]+)\(\) \{", line):
                names.append(found[1])
                lengths[found[1]] = lines.index("}", at) - at + 1
    assert len(names) == len(set(names))
    assert {name: length for name, length in lengths.items() if length > 60} == {}


@pytest.mark.parametrize("shell", [*here(), *(name for name in SHELLS if name not in here())])
def test_every_shell_reads_it(tool: Path, shell: str) -> None:
    if shell not in here():
        pytest.skip(f"{shell} is not here: tests/prepare brings it")
    done = subprocess.run([*SHELLS[shell], str(tool), "version"], capture_output=True, text=True, env={}, check=False)
    assert (done.returncode, done.stdout) == (0, f"kdump-capture {assemble.tool_version()}\n"), done.stderr


@needs("shellcheck")
def test_shellcheck_finds_nothing_in_the_strictest_dialect(tool: Path) -> None:
    words = ["shellcheck", "-s", "dash", "-e", EXCLUDED, str(tool)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout == ""


@needs("shfmt")
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.stem)
def test_every_part_is_formatted(part: Path) -> None:
    done = subprocess.run(
        ["shfmt", "-ln", "posix", "-i", "0", "-d", str(part)], capture_output=True, text=True, check=False
    )
    assert done.stdout + done.stderr == ""
