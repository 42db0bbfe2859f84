"""The Python packages that a portal is built with, as they are installed."""

import re
from importlib.metadata import PackageNotFoundError, distribution

OURS = "kdump-portal"
NAME_RE = re.compile(r"[A-Za-z0-9._-]+")


def installed_packages() -> dict[str, str]:
    """Return name -> version of what the portal needs and what that needs; extras are left out."""
    found: dict[str, str] = {}
    todo = [OURS]
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in found:
            continue
        try:
            known = distribution(name)
        except PackageNotFoundError:  # of another system or Python
            continue
        found[name] = known.version
        todo += [NAME_RE.match(line)[0] for line in known.requires or () if "extra ==" not in line]
    found.pop(OURS, None)
    return found
