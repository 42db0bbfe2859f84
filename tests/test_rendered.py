"""Markdown that was rendered before, as the real command shows it."""

import json
from pathlib import Path

import pytest
from project import CONTENT, FRONT, Project

from generator.rendered import FILE


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "portal")


def write(project: Project, name: str, text: str) -> None:
    (project.folder / "content" / name).write_text(FRONT + text, "utf-8")


def told(project: Project) -> str:
    done = project.run("build")
    assert done.returncode == 0, done.stderr
    return done.stderr


def rendered(project: Project) -> dict[str, dict]:
    return json.loads((project.folder / ".cache" / FILE).read_text("utf-8"))


@pytest.mark.parametrize("text", ["", "[]", '{"about/index.md": {"key": "k"}}', '{"a.md": 1}', "\udcff"])
def test_a_broken_file_holds_nothing(project: Project, text: str) -> None:
    told(project)
    before = rendered(project)
    (project.folder / ".cache" / FILE).write_text(text, "utf-8", "surrogateescape")
    told(project)
    assert rendered(project) == before


def test_what_is_not_there_any_more_is_forgotten(project: Project) -> None:
    write(project, "more.md", "# More\n")
    told(project)
    assert "more.md" in rendered(project)
    (project.folder / "content/more.md").unlink()
    told(project)
    assert rendered(project).keys() == CONTENT.keys()


def test_what_was_rendered_before_is_taken_as_it_is_kept(project: Project) -> None:
    told(project)
    file = project.folder / ".cache" / FILE
    file.write_text(file.read_text("utf-8").replace("The home page.", "The kept page."), "utf-8")
    told(project)
    assert b"The kept page." in project.contents()["index.html"]


def test_pages_are_the_same_whether_rendered_or_kept(project: Project) -> None:
    write(project, "index.md", "# Home\n\n## One\n\n[how](about/how-made.md#verification), `code`\n\n### Two\n")
    told(project)
    about = project.folder / "content/about/index.md"
    about.write_text(about.read_text("utf-8").replace("title: A page", "title: Another title"), "utf-8")
    told(project)
    kept = project.contents()
    assert b"Another title" in kept["about/how-made/index.html"]  # the navigation of a page that was kept
    again = Project(project.folder.with_name("again"))
    for name in CONTENT:
        (again.folder / "content" / name).write_bytes((project.folder / "content" / name).read_bytes())
    told(again)
    assert again.contents() == kept


def test_a_link_that_leads_nowhere_is_told_at_every_build(project: Project) -> None:
    write(project, "about/index.md", "# About\n\n[gone](gone.md)\n")
    assert all("'gone.md'" in told(project) for _ in range(2))
    assert "about/index.md" not in rendered(project)
    assert "about/how-made.md" in rendered(project)


def test_a_link_is_told_when_its_page_goes_though_the_page_with_the_link_stays(project: Project) -> None:
    write(project, "more.md", "# More\n")
    write(project, "about/index.md", "# About\n\n[more](../more.md)\n")
    assert "'../more.md'" not in told(project)
    (project.folder / "content/more.md").unlink()
    assert "'../more.md'" in told(project)


def test_a_link_to_a_heading_is_told_when_the_heading_goes(project: Project) -> None:
    write(project, "about/index.md", "# About\n\n[how](how-made.md#verification)\n")
    assert "does not contain an anchor" not in told(project)
    write(project, "about/how-made.md", "# How\n")
    before = rendered(project)["about/index.md"]
    assert "does not contain an anchor '#verification'" in told(project)
    assert rendered(project)["about/index.md"] == before


def test_a_setting_of_markdown_counts(project: Project) -> None:
    write(project, "about/index.md", "# About\n\nterm\n: what it is\n")
    told(project)
    assert b"<dt>" not in project.contents()["about/index.html"]
    settings = project.folder / "mkdocs.yml"
    settings.write_text(settings.read_text("utf-8") + "markdown_extensions: [def_list]\n", "utf-8")
    told(project)
    assert b"<dt>" in project.contents()["about/index.html"]
