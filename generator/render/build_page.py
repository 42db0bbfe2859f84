"""What a build did, as one page that needs no other file: for operators, never part of the site."""

from collections.abc import Iterable, Iterator, Mapping

from generator.model.builds import Built
from generator.render.escape import esc

STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; padding: 0 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif;
  color: light-dark(#1a1a1a, #e6e6e6); background: light-dark(#fff, #16181c); }
h1, h2 { line-height: 1.2; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid light-dark(#ccc, #444); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
meter { width: 100%; min-width: 6rem; height: 1rem; }
"""


def build_page(built: Built) -> str:
    """Return the whole page. It has no script and asks for nothing."""
    parts = (
        f"<h1>Build of {esc(built.began)}</h1>",
        f"<p>{built.seconds:.1f} s: {built.written:,} files written, {built.kept:,} kept, "
        f"{built.removed:,} removed.</p>",
        "<h2>Problems</h2>",
        _listed(built.problems) if built.problems else "<p>None was said.</p>",
        "<h2>Sources</h2>",
        _table(("Source", "State", "Commits", "Examined", "Verified"), _source_rows(built)),
        "<h2>Time</h2>",
        _table(("Stage", "Seconds", "Share"), _stage_rows(built)),
        "<h2>Versions</h2>",
        _table(("Package", "Version"), _version_rows(built.versions)),
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Build of {esc(built.began)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _listed(lines: Iterable[str]) -> str:
    return f"<ul>\n{''.join(f'<li>{esc(line)}</li>' for line in lines)}\n</ul>"


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    columns = "".join(f'<th scope="col">{esc(name)}</th>' for name in head)
    return f"<table>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>"


def _source_rows(built: Built) -> Iterator[str]:
    for source in built.sources:
        if "problem" in source:
            state = f"not available: {source['problem']}"
        else:
            state = "changed" if source.get("changed") else "nothing new"
            if source.get("unreached"):
                state += f"; its last good mirror is shown, for it was not reached: {source['unreached']}"
        verified = f"{source['verified']:,} of {source['patches']:,}" if "verified" in source else ""
        counts = (_number(source.get("commits")), _number(source.get("examined")), verified)
        yield _row(str(source["name"]), f"<td>{esc(state)}</td>", *(_numeric(count) for count in counts))


def _stage_rows(built: Built) -> Iterator[str]:
    """Yield the stages, the longest first; what no stage measured is MkDocs and the start."""
    rest = max(built.seconds - sum(built.stages_s.values()), 0.0)
    stages = sorted([*built.stages_s.items(), ("everything else", rest)], key=lambda stage: -stage[1])
    most = max(built.seconds, 0.001)
    for name, seconds in stages:
        bar = f'<td><meter value="{min(seconds / most, 1):.3f}">{100 * seconds / most:.0f} %</meter></td>'
        yield _row(name, _numeric(f"{seconds:.2f}"), bar)


def _version_rows(versions: Mapping[str, str]) -> Iterator[str]:
    return (_row(name, f"<td>{esc(version)}</td>") for name, version in versions.items())


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else ""


def _numeric(text: str) -> str:
    return f'<td class="number">{esc(text)}</td>'


def _row(name: str, *cells: str) -> str:
    return f'<tr><th scope="row">{esc(name)}</th>{"".join(cells)}</tr>'
