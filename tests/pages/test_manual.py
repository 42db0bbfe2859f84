"""The page of a manual says what the manual lacks, from a real repository, with links that lead to the lines."""

from dataclasses import replace
from pathlib import Path

from files_world import Repository, read_history
from manual_world import ARCHITECTURE, HEADER, PAGE, PROGRAM
from project import faults

from generator.pages.manual import absent_manual_page, manual_page
from generator.sources.manuals import read_manual


def page_of(folder: Path, page: str = PAGE) -> tuple[str, dict[str, str]]:
    repository = Repository(folder)
    shas = {}
    repository.write("src/brew.8", page)
    repository.write("src/brew.c", PROGRAM)
    shas["first"] = repository.commit("first") or repository.git("rev-parse", "HEAD").strip()
    repository.write("src/brew.h", HEADER)
    repository.write("src/arch/hob/options.h", ARCHITECTURE)
    (folder / "src/arch/stove").mkdir()
    (folder / "src/arch/stove/options.h").symlink_to("../hob/options.h")
    repository.commit("options: add them")
    shas["options"] = repository.git("rev-parse", "HEAD").strip()
    history = read_history(repository.mirror)
    history = replace(history, source=replace(history.source, manual="src/brew.8"), first_tag={shas["options"]: "v2"})
    facts = read_manual(repository.mirror, history.head, "src/brew.8")
    return "".join(manual_page(history, facts).body), shas


def test_options_that_the_manual_lacks_are_marked_and_all_are_there(tmp_path: Path) -> None:
    body, shas = page_of(tmp_path / "repository")
    assert "5 long options, read from the source; 2 of them the manual page does not have" in body
    for name in ("help", "kettle", "leaves", "quiet", "steep"):
        assert f'id="option-{name}"' in body
    quiet = body[body.index('<tr id="option-quiet"') :].partition("</tr>")[0]
    assert "not in the manual page" in quiet
    assert "#L7" in quiet
    assert shas["options"] in quiet
    assert "v2" in quiet
    assert "make tea &lt;now&gt;" in body
    assert faults(f"<!doctype html>{body}".encode()) == []


def test_a_link_stands_for_the_file_that_it_leads_to(tmp_path: Path) -> None:
    body, _ = page_of(tmp_path / "repository")
    kettle = body[body.index('<tr id="option-kettle"') :].partition("</tr>")[0]
    assert ">hob</a>" in kettle
    assert ">stove</a>" in kettle


def test_a_manual_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit("empty")
    history = read_history(repository.mirror)
    source = replace(history.source, manual="src/brew.8")
    facts = read_manual(repository.mirror, history.head, "src/brew.8")
    assert "has no such file" in "".join(manual_page(replace(history, source=source), facts).body)
    assert "No mirror of the source" in "".join(absent_manual_page(source).body)
