"""Badges to put elsewhere: small SVG files at stable addresses, readable without their colour."""

from generator.model.report_histories import Line
from generator.model.reports import Verdict
from generator.render.escape import esc

COLOURS = {"ok": "#17663a", "warn": "#7d4b00", "bad": "#a3262b", "none": "#525d60"}
CHARACTER = 7.2  # pixels, of the widest fonts it is shown in
LONGEST = 40


def badge_svg(subject: str, verdict: str, kind: str) -> str:
    """Return a badge of two parts; kind `ok`, `warn`, `bad` or `none`."""
    left, right = _short(subject), _short(verdict)
    split, width = _width(left), _width(left) + _width(right)
    title = esc(f"{left}: {right}")
    inner = width - split - 3
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" role="img" '
        f'aria-labelledby="t"><title id="t">{title}</title>'
        f'<rect width="{width}" height="20" rx="3" fill="#13222a"/>'
        f'<path fill="{COLOURS[kind]}" d="M{split} 0h{inner}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{inner}z"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle" '
        f'aria-hidden="true">{_text(left, split / 2)}{_text(right, split + (width - split) / 2)}</g></svg>\n'
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _width(text: str) -> int:
    return round(len(text) * CHARACTER) + 12


def _text(text: str, middle: float) -> str:
    room = round(len(text) * CHARACTER)
    return f'<text x="{middle:g}" y="14" textLength="{room}" lengthAdjust="spacingAndGlyphs">{esc(text)}</text>'


VERDICTS = {
    Verdict.PASS: "ok",
    Verdict.FAIL: "bad",
    Verdict.MISS: "bad",
    Verdict.ERROR: "warn",
    Verdict.SKIP: "none",
    Verdict.DONE: "none",
}


def line_badge(line: Line) -> str:
    """Return the badge of a line of history: the verdict of its newest run."""
    name = f"{line.scenario.path} {line.architecture}".strip()
    if line.latest is None:
        return badge_svg(name, "no result", "none")
    words = f"{line.latest.verdict.value}, flaky" if line.flaky_builds else line.latest.verdict.value
    kind = VERDICTS[line.latest.verdict]
    return badge_svg(name, words, "warn" if line.flaky_builds and kind == "ok" else kind)


def architecture_badge(architecture: str, good: int, bad: int, total: int) -> str:
    """Return the badge of an architecture: how many of its lines are good, by their newest runs."""
    name = f"kdump {architecture or 'no architecture'}"
    if not good + bad:
        return badge_svg(name, "no result", "none")
    return badge_svg(name, f"{good:,} of {total:,} pass", "bad" if bad else "ok" if good == total else "warn")
