"""What a guide's page shows besides its Markdown: when it last passed, and at each block who runs it."""

import re
from collections.abc import Iterator

from generator.model.guide_runs import GuideRun, GuideState
from generator.model.guides import Block, Guide
from generator.model.report_paths import report_path
from generator.render.escape import esc
from generator.render.html import href
from generator.render.reports import day_html, verdict_badge

BLOCK_RE = re.compile(r'<div class="(?P<names>[^"]*\bhl)">')
LEAD_RE = re.compile(r'<p class="lead">.*?</p>', re.DOTALL)
WHERE = {"first": "in the first kernel", "capture": "in the capture environment", "host": "on the machine outside"}


def show_guide(html: str, guide: Guide, state: GuideState, here: str) -> str:
    """Return a guide's HTML with its state below the lead and a line above each marked block."""
    blocks = iter(guide.blocks)

    def marked(match: re.Match[str]) -> str:
        if not {"run", "hardware"} & set(match["names"].split()):
            return match[0]
        block = next(blocks, None)
        return _mark(block, state, here) + match[0] if block else match[0]

    html = BLOCK_RE.sub(marked, html)
    if not guide.runnable:
        return html
    return LEAD_RE.sub(lambda match: f"{match[0]}\n{_state(guide, state, here)}", html, count=1)


def _mark(block: Block, state: GuideState, here: str) -> str:
    if block.hardware:
        return f'<p class="ran by-hand">By hand: {esc(block.hardware)}.</p>\n'
    failed = ""
    if block.id in state.failed and state.latest:
        failed = f" {verdict_badge(state.failed[block.id])} {_report(state.latest, here)}"
    down = ", which goes down" if block.down else ""
    anchor = f"block-{esc(block.id)}"
    return (
        f'<p class="ran" id="{anchor}"><a href="#{anchor}">{esc(block.id)}</a>: run by the lab '
        f"{WHERE[block.place]}{down}{failed}</p>\n"
    )


def _state(guide: Guide, state: GuideState, here: str) -> str:
    return f'<p class="ran-last">{" ".join(_sentences(guide, state, here))}</p>'


def _sentences(guide: Guide, state: GuideState, here: str) -> Iterator[str]:
    count = f"{len(guide.runnable)} block{'s' if len(guide.runnable) != 1 else ''}"
    if not state.latest:
        yield f"Not run yet: no report about the {count} that the lab can run is here."
        return
    if state.passed:
        yield f"The {count} last passed {_where(state.passed)} ({_report(state.passed, here)})."
    else:
        yield f"The {count} have not passed yet."
    if state.latest is not state.passed:
        yield f"The latest run: {verdict_badge(state.latest.verdict)} {_where(state.latest)}"
        yield f"({_report(state.latest, here)})."


def _where(run: GuideRun) -> str:
    day = f"on {day_html(run.day)}" if run.day else "on an unknown day"
    kernel = f" with Linux {esc(run.kernel)}" if run.kernel else ""
    architecture = f", {esc(run.architecture)}" if run.architecture else ""
    return f"{day}{kernel}{architecture}"


def _report(run: GuideRun, here: str) -> str:
    return f'<a href="{href(report_path(run.report), here)}">report</a>'
