"""The hand-written pages besides what MkDocs makes of them: reference data filled in, links added, guides with results.

Data is read from `data/` in MkDocs' docs folder; a file that is not there just adds nothing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from generator.capture.downloads import PLACE, fill_in_tool
from generator.config import Config
from generator.errors import ParseError, PortalError
from generator.gather_reports import Shelf, gather_reports
from generator.model.guide_runs import GuideState
from generator.model.guides import Guide
from generator.model.references import Group, LinkResult, Term
from generator.model.report_histories import Trial
from generator.parse.front_matter import check_front_matter, parse_owners
from generator.parse.guide import parse_guide
from generator.parse.references import parse_glossary, parse_links, parse_parameters
from generator.relate.guides import guide_states
from generator.relate.ports import newest_trials, port_results
from generator.render.guides import show_guide
from generator.render.linking import add_links, known
from generator.render.ports import fill_in_ports
from generator.render.references import fill_in
from generator.render.sections import sections

T = TypeVar("T")
Say = Callable[[str], None]
PARAMETERS, GLOSSARY = "docs/parameters/index.html", "docs/glossary/index.html"
GUIDES = "howto"
LINKS = "data/links.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandWritten:
    """A page that MkDocs made of Markdown: its path in the site, and what search knows of its parts."""

    path: str
    title: str
    sections: tuple[tuple[str, str, str], ...]


def load_content(config: Config, say: Say) -> "Content":
    """Return the hand-written pages with all reports; what cannot be read of these is said. Raises PortalError."""
    return Content(config.content_folder, config.file.parent, gather_reports(config, say))


class Content:
    """The folder of hand-written pages. `reports` are all of them, `pages` those that were made so far."""

    def __init__(self, folder: Path, top: Path, reports: Shelf | None = None) -> None:
        self.folder = folder
        self._top = top
        self.reports = reports or Shelf()
        self.pages: list[HandWritten] = []

    def markdown(self, text: str, path: str) -> str:
        """Return the Markdown of the page at `path` with the lists and results that it asks for."""
        text = fill_in_ports(text, path, lambda names: port_results(self._newest, names))
        try:
            return fill_in_tool(fill_in(text, self._groups, self._terms), self.folder / PLACE)
        except KeyError as problem:
            raise PortalError(f"data/parameters.yml: has no group {problem}, which a page asks for") from problem

    def html(self, text: str, title: str, file: Path, path: str) -> str:
        """Return the HTML of the page made from `file`, at `path` in the site, with everything that is added to it."""
        guide = self._guides.get(file)
        if guide:
            text = show_guide(text, guide, self._states.get(guide.scenario, GuideState()), path)
        text = add_links(text, path, self._known)
        self.pages.append(HandWritten(path=path, title=title, sections=sections(text)))
        return text

    def problems(self) -> Iterator[str]:
        """Yield what is wrong in the folder, as `file:line: problem`: front matter, and guides that no longer pass."""
        for file in sorted(self.folder.rglob("*.md")):
            yield from check_front_matter(_read(file), source=self._shown(file), owners=self._owners)
        for guide in self._guides.values():
            state = self._states.get(guide.scenario, GuideState())
            for block in guide.runnable:
                if block.id in state.failed and state.latest:
                    yield (
                        f"{guide.source}:{block.line}: the block `{block.id}` gave `{state.failed[block.id]}` in the "
                        f"latest report, {state.latest.report[:12]}: mend the guide, or what it found"
                    )

    @property
    def paths(self) -> Sequence[str]:
        """The paths in the site of the pages that are made of Markdown."""
        files = sorted(file.relative_to(self.folder).with_suffix("") for file in self.folder.rglob("*.md"))
        return [f"{file.parent / file.name if file.name != 'index' else file.parent}/index.html" for file in files]

    @property
    def links_file(self) -> Path:
        """Where the results of link checks are kept."""
        return self.folder / LINKS

    @cached_property
    def links(self) -> dict[str, LinkResult]:
        """Whether links answered at the last check, by address."""
        return self._data(LINKS, parse_links, {})

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return {group.key: group for group in self._data("data/parameters.yml", parse_parameters, ())}

    @cached_property
    def _terms(self) -> Sequence[Term]:
        return self._data("data/glossary.yml", parse_glossary, ())

    @cached_property
    def _owners(self) -> Sequence[str]:
        return self._data("data/owners.yml", parse_owners, ())

    @cached_property
    def _known(self):
        links = self.links.values()
        return known(self._groups.values(), self._terms, links, parameters=PARAMETERS, glossary=GLOSSARY)

    @cached_property
    def _guides(self) -> dict[Path, Guide]:
        files = sorted((self.folder / GUIDES).glob("*.md"))
        found = {file: parse_guide(_read(file), name=file.stem, source=self._shown(file)) for file in files}
        return {file: guide for file, guide in found.items() if guide.blocks}

    @cached_property
    def _newest(self) -> Sequence[Trial]:
        return newest_trials(self.reports.briefs)

    @cached_property
    def _states(self) -> dict[str, GuideState]:
        return dict(guide_states(self.reports.briefs, self.reports.read))

    def _data(self, name: str, parse: Callable[..., T], nothing: T) -> T:
        file = self.folder / name
        return parse(_read(file), source=self._shown(file)) if file.is_file() else nothing

    def _shown(self, file: Path) -> str:
        return os.path.relpath(file, self._top)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ParseError(file.name, 1, f"cannot be read: {problem}") from problem
