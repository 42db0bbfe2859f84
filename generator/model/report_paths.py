"""Where everything about test reports stands in the site; every name from outside goes through `paths.slug`."""

import re
from functools import lru_cache

from generator.model.paths import slug

REPORTS = "reports/all/index.html"  # `reports/` itself is for a hand-written page, which need not be there
MATRIX = "reports/matrix/index.html"
SIZING = "reports/sizing.html"
KNOWN_ISSUES = "reports/known-issues.html"
REGRESSIONS = "reports/regressions.html"
ALL_FEED = "reports/all.atom"
REGRESSIONS_FEED = "reports/regressions.atom"
KEY_RE = re.compile(r"[0-9a-f]{20}")


@lru_cache(maxsize=1 << 12)
def report_path(identity: str) -> str:
    """Return a report's page."""
    return f"reports/report/{slug(identity)}.html"


def report_data_path(identity: str) -> str:
    """Return a report's JSON document, beside its page."""
    return f"reports/report/{slug(identity)}.json"


def line_path(key: str) -> str:
    """Return the page of a line of history; a long one goes on on parts of it, see `list_part_path`."""
    return f"reports/history/{key}.html"


def chart_path(key: str) -> str:
    """Return the chart of a line of history."""
    return f"reports/history/{key}.svg"


def kernel_line_path(name: str) -> str:
    """Return the matrix of one kernel line; "" is the one of reports that name none."""
    return f"reports/matrix/line/{slug(name)}.html"


def axis_path(axis: str) -> str:
    """Return the matrix with another axis across, such as `target`."""
    return f"reports/matrix/by-{slug(axis)}.html"


def month_path(month: str) -> str:
    """Return the list of the reports of one month, such as `2026-11`, or `undated`."""
    return f"reports/list/{slug(month)}.html"


def badge_path(key: str) -> str:
    """Return the badge of a line of history."""
    return f"reports/badge/{key}.svg"


def architecture_badge_path(architecture: str) -> str:
    """Return the badge of an architecture; no name of one meets the key of a line."""
    name = slug(architecture)
    if KEY_RE.fullmatch(name):
        name = f"~{ord(name[0]):02x}{name[1:]}"
    return f"reports/badge/{name}.svg"


def issue_anchor(identity: str) -> str:
    """Return where a known issue stands on the page of all."""
    return f"issue-{slug(identity)}"
