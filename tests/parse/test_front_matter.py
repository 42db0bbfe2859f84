"""Every page says what it is and who looks after it; what is missing is named by file and line."""

from pathlib import Path

import pytest

from generator.errors import ParseError
from generator.parse.front_matter import check_front_matter, parse_owners

CONTENT = Path(__file__).parents[2] / "content"
GOOD = "---\ntitle: Tea\ndescription: How to.\nowner: docs\n---\n\nText\n"


def problems(text: str) -> list[str]:
    return list(check_front_matter(text, source="tea.md", owners=("docs", "howto")))


def test_a_page_with_all_three_is_right() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# Tea\n", "tea.md:1: has no front matter"),
        (GOOD.replace("title: Tea\n", ""), "tea.md:1: says no `title`"),
        (GOOD.replace("description: How to.", "description:"), "tea.md:3: says no `description`"),
        (GOOD.replace("owner: docs", "owner: nobody"), "tea.md:4: no section is called 'nobody'"),
        (GOOD.replace("title: Tea", "title: [Tea"), "tea.md:3: front matter is no YAML"),
    ],
)
def test_what_is_missing_is_named_by_its_line(text: str, complaint: str) -> None:
    assert problems(text)[0].startswith(complaint)


def test_owners_are_names_with_a_sentence() -> None:
    assert parse_owners("owners:\n  docs: The pages.\n", source="o.yml") == ("docs",)
    for wrong in ("owners:\n", "owners:\n  Docs: The pages.\n", "owners:\n  docs:\n", "docs: The pages.\n"):
        with pytest.raises(ParseError):
            parse_owners(wrong, source="o.yml")


@pytest.mark.parametrize("file", sorted(CONTENT.rglob("*.md")), ids=lambda file: str(file.relative_to(CONTENT)))
def test_our_own_pages_are_right(file: Path) -> None:
    owners = parse_owners((CONTENT / "data/owners.yml").read_text("utf-8"), source="owners.yml")
    assert list(check_front_matter(file.read_text("utf-8"), source=file.name, owners=owners)) == []
