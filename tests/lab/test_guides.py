"""The guides of this site: the lab has a setting for each that it runs, and a boot for each crash in it."""

import pytest
from project import ROOT

from generator.lab.guides import SETTINGS, boots
from generator.parse.guide import parse_guide

HOWTO = ROOT / "content/howto"
GUIDES = {
    file.stem: parse_guide(file.read_text("utf-8"), name=file.stem, source=file.name) for file in HOWTO.glob("*.md")
}


def test_every_guide_with_blocks_that_run_is_run() -> None:
    """index.md has one as a sample."""
    assert {name for name, guide in GUIDES.items() if guide.runnable} - {"index"} == set(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_guide_has_one_boot_more_than_it_has_crashes(name: str) -> None:
    guide, setting = GUIDES[name], SETTINGS[name]
    scripts = boots(guide, setting)
    assert len(scripts) == 1 + sum(block.down for block in guide.runnable) + setting.has_dump
    said = "".join(scripts)
    for block in guide.runnable:
        assert (f"lab_run {block.id} " in said) == (block.place == "first")


def test_what_cannot_be_run_says_why() -> None:
    for guide in GUIDES.values():
        for block in guide.blocks:
            assert block in guide.runnable or len(block.hardware) > 10
