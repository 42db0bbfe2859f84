"""Look at what is pinned and installed: hashes, what is there besides, licences, published vulnerabilities.

    .venv/bin/python requirements/audit.py [--strict] [FILE...]

Run by `make audit`. What needs no network can only pass or fail. Advisories are asked for by pip-audit, in an
environment of its own; when their service is not reached, that is said as SKIPPED, and with --strict it is a failure.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path

HERE = Path(__file__).parent
PIP_AUDIT = HERE.parent / ".venv/audit/bin/pip-audit"
# Not PyPI's own: behind a mirror it finds no package, skips all of them, and calls that no known vulnerability.
SERVICE = "https://api.osv.dev/v1/query"
ANSWER_S = 15
FILES = ("site.txt", "publish.txt", "test.txt", "audit.txt")
SHIPPED = ("site.txt", "publish.txt")  # what runs together with our code, so its licence has to go with ours
OURSELVES = ("kdump-portal", "pip")  # pip comes with Python
ACCEPTED: Mapping[str, str] = {}  # advisory: why it does not concern us
# What goes with GPL-2.0-or-later, as SPDX or as older packages say it; Apache-2.0 by way of the third version.
LICENCES = {
    *(
        "MIT",
        "MIT-0",
        "MIT License",
        "BSD",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "PSF-2.0",
        "Unlicense",
    ),
    *("Apache-2.0", "Apache Software License", "Apache License 2.0", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)"),
}
PIN_RE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;]+)(?:\s+--hash=sha256:[0-9a-f]{64})+")
UNREACHED_RE = re.compile(r"ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|ServiceError")


def main(arguments: Sequence[str] | None = None) -> int:
    """Look, say what was found, and return 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true", help="fail when the advisories cannot be asked for")
    parser.add_argument("--service", metavar="URL", default=SERVICE, help=f"who knows advisories (default: {SERVICE})")
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path, default=[HERE / name for name in FILES])
    options = parser.parse_args(arguments)
    pins, problems = read_pins(options.files)
    problems += [*besides(pins), *licence_problems(shipped_metadata())]
    skipped, found = advisories(options.files, pins, options.service)
    problems += found
    print("".join(f"audit: {problem}\n" for problem in problems), end="")
    if skipped:
        print(f"SKIPPED: audit: advisories were not asked for: {skipped}")
    counted = f"audit: {len(pins)} pins with hashes, nothing installed besides, licences known"
    print(f"audit: {len(problems)} problems" if problems else counted + ("" if skipped else ", no known vulnerability"))
    return 1 if problems or (skipped and options.strict) else 0


def read_pins(files: Iterable[Path]) -> tuple[dict[str, set[str]], list[str]]:
    """Return the pinned versions of each package, and the lines that pin nothing safely."""
    pins: dict[str, set[str]] = {}
    problems = []
    for file in files:
        for line in file.read_text("utf-8").replace("\\\n", " ").splitlines():
            said = line.partition("#")[0].strip()
            if match := PIN_RE.fullmatch(said):
                pins.setdefault(canonical(match["name"]), set()).add(match["version"])
            elif said:
                problems.append(f"{file.name}: {said[:80]}: no version pinned with its SHA-256")
    return pins, problems


def canonical(name: str) -> str:
    """Return a package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def besides(pins: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield what is installed here and not pinned, or in another version."""
    for package in distributions():
        name = canonical(package.name)
        if name not in OURSELVES and package.version not in pins.get(name, ()):
            yield f"{name} {package.version} is installed and not pinned"


def shipped_metadata() -> dict[str, Message]:
    """Return what the packages that run together with our code say of themselves, where they are installed."""
    shipped, _ = read_pins(HERE / name for name in SHIPPED)
    return {name: found.metadata for found in distributions() if (name := canonical(found.name)) in shipped}


def licence_problems(packages: Mapping[str, Message]) -> Iterator[str]:
    """Yield the packages whose licence is not said, or not known to go with ours. Of several by OR, one is enough."""
    for name, said in packages.items():
        lines = said.get_all("Classifier", [])
        choices = [[line.rpartition(" :: ")[2]] for line in lines if line.startswith("License ")]
        if text := said.get("License-Expression") or (not choices and said.get("License")):
            choices = [choice.strip("() ").split(" AND ") for choice in text.split(" OR ")]
        if not any(set(choice) <= LICENCES for choice in choices):
            yield f"{name}: its licence is not known to go with ours: {choices or 'none is said'}"


def advisories(files: Sequence[Path], pins: Mapping[str, set[str]], service: str) -> tuple[str, list[str]]:
    """Return why nobody could be asked, if so, and the vulnerabilities that are known, accepted ones left out."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "advisories.json")
        words = [f"--osv-url={service}", f"--timeout={ANSWER_S}", f"--output={out}", *(f"-r{file}" for file in files)]
        flags = (
            "--vulnerability-service=osv",
            "--format=json",
            "--disable-pip",
            "--require-hashes",
            "--progress-spinner=off",
        )
        done = subprocess.run([PIP_AUDIT, *flags, *words], capture_output=True, text=True, check=False)
        if out.exists():
            return "", list(_read_advisories(json.loads(out.read_text("utf-8")), pins))
    reason = (done.stderr.strip() or "pip-audit said nothing").splitlines()[-1]
    return (reason, []) if UNREACHED_RE.search(reason) else ("", [f"pip-audit failed: {reason}"])


def _read_advisories(told: Mapping[str, list], pins: Mapping[str, set[str]]) -> Iterator[str]:
    looked = {(canonical(one["name"]), one["version"]) for one in told["dependencies"] if "vulns" in one}
    for name, versions in pins.items():
        yield from (f"{name} {version}: nobody looked at it" for version in versions if (name, version) not in looked)
    for one in told["dependencies"]:
        for advisory in one.get("vulns", ()):
            if advisory["id"] not in ACCEPTED:
                mended = ", ".join(advisory["fix_versions"]) or "no release"
                yield f"{one['name']} {one['version']}: {advisory['id']}, mended by {mended}: {advisory['description']}"


if __name__ == "__main__":
    sys.exit(main())
