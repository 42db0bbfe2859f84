"""Fragments about patches: badges, how hunks went on, what can be downloaded, and commands to paste."""

from collections.abc import Iterable, Sequence

from generator.model.patches import Application, HunkResult
from generator.render.escape import esc

UPSTREAM = {
    "equal": ("ok", "upstream"),
    "probable": ("warn", "probably upstream"),
    "similar": ("warn", "similar upstream"),
    "none": ("none", "not upstream"),
    "unknown": ("none", "not compared"),
    "letter": ("none", "cover letter"),
    "bundle": ("none", "git bundle"),
    "unreadable": ("bad", "unreadable"),
}
APPLIES = {
    "clean": ("ok", "applies"),
    "offset": ("ok", "applies, moved"),
    "fuzz": ("warn", "applies with fuzz"),
    "failed": ("bad", "does not apply"),
    "applied": ("none", "already in it"),
    "unknown": ("none", "not tried"),
}


def badge(kind: str, words: str) -> str:
    """Return a badge; kind `ok`, `warn`, `bad` or `none`."""
    return f'<span class="badge badge-{kind}">{words}</span>'


def upstream_badge(standing: str) -> str:
    """Return where a patch went, as a badge; `standing` as `pages.holdings.Item` has it."""
    return badge(*UPSTREAM[standing])


def applies_badge(application: Application) -> str:
    """Return whether a patch applies, as a badge."""
    return badge(*APPLIES[application.verdict])


def per_cent(share: float) -> str:
    """Return a share in per cent; only a whole is called 100."""
    return f"{min(int(share * 100), 99) if share < 1 else 100} %"


def commands(lines: Iterable[str]) -> str:
    """Return shell commands that can be pasted as they are."""
    return f'<div class="hl"><pre><code>{esc(chr(10).join(lines))}</code></pre></div>\n'


def hunk_words(application: Application) -> str:
    """Return how the hunks went on, in a sentence of text."""
    hunks = application.hunks
    if application.verdict == "applied":
        return "Every change of it is in there."
    if application.verdict == "clean" or not hunks:
        return application.reason
    counts = [
        (sum(hunk.verdict == verdict for hunk in hunks), words)
        for verdict, words in (("failed", "failed"), ("fuzz", "went in with fuzz"), ("offset", "moved"))
    ]
    said = ", ".join(f"{count} {words}" for count, words in counts if count)
    return f"Of {len(hunks)} hunk{'s' * (len(hunks) != 1)}: {said or 'all as they are'}."


def odd_hunks(hunks: Sequence[HunkResult]) -> tuple[HunkResult, ...]:
    """Return the hunks that did not go on as they are, those that failed first."""
    order = {"failed": 0, "fuzz": 1, "offset": 2}
    return tuple(sorted((hunk for hunk in hunks if hunk.verdict in order), key=lambda hunk: order[hunk.verdict]))


def hunk_item(hunk: HunkResult, address: str) -> str:
    """Return a hunk as an item of a list; `address` leads to its lines, "" when it is not shown."""
    name = f"<code>{esc(hunk.file)}</code> hunk {hunk.number}"
    shown = f'<a href="{address}">{name}</a>' if address else name
    if hunk.verdict == "failed":
        return f"<li>{badge('bad', 'failed')} {shown}</li>"
    words = []
    if hunk.fuzz:
        words.append(f"{hunk.fuzz} line{'s' * (hunk.fuzz != 1)} of context ignored")
    if hunk.offset:
        far, way = abs(hunk.offset), "down" if hunk.offset > 0 else "up"
        words.append(f"{far} line{'s' * (far != 1)} further {way}")
    kind, verb = ("warn", "fuzz") if hunk.verdict == "fuzz" else ("ok", "moved")
    return f"<li>{badge(kind, verb)} {shown} <span class=note>{', '.join(words)}</span></li>"
