"""Read KCIDB's JSON, versions 3 to 5 (kcidb-io's schemas v3.0 to v5.3): checkouts, builds and tests.

A test `kdump.nfs.save` is the step `save` of the scenario `kdump.nfs`. What our own export (`render/kcidb.py`) adds
under `misc` is read back, checked as anything else.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from generator.errors import ParseError
from generator.model.reports import (
    Attachment,
    Environment,
    Imported,
    Number,
    Run,
    Scenario,
    Step,
    Subject,
    Verdict,
)
from generator.parse.evidence import CONTROL_RE, LONGEST, excerpt
from generator.parse.naming import architecture, place, scenario_path, slug
from generator.parse.redact import command_line
from generator.parse.repair import one_line
from generator.parse.strict_json import Json, parse_strict_json

OURS = "kdump-portal"  # the key under `misc`
CHECKOUTS = {3: "revisions", 4: "checkouts", 5: "checkouts"}  # their key, by the major version
MOST_TESTS = 50_000
MOST_PARTS = 64  # numbers or attachments of a step, subjects, dimensions
LONGEST_S = 1e9
LARGEST = 1e300
LONGEST_TEXT = 1 << 24  # characters
DEEPEST = 16
VERDICTS = {verdict.name: verdict for verdict in Verdict}  # KCIDB's six statuses are ours, in upper case
LONGEST_NOTE = 1000  # characters
ODD_RE = re.compile(r"[^a-z0-9_]")  # what an origin of KCIDB cannot hold, and ours can
DIMENSIONLESS = "1"  # the unit of a number without one, as in UCUM
_Fields = dict[str, Json]
_Key = tuple[str, str, tuple[tuple[str, str], ...], int]  # of a run: build, path, dimensions, number


@dataclass(slots=True)
class _Draft:
    """A run while its tests come in."""

    scenario: Scenario
    planned: int | None = None
    steps: list[Step] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)


def parse_kcidb(text: str, *, source: str, origin: str = "") -> Imported:
    """Read one file. The tests of several builds stay apart by a dimension `build`.

    `origin` is who hands the file in: tests of others than that are noted, for anyone can write a name into a file.
    Raises ParseError for what the schema forbids, for an id that is not its object's origin's, for links that run or
    read files where they are opened, and for a file without a test: no result is never a pass.
    """
    reader = _Reader(source, origin)
    top = reader.top(parse_strict_json(text, source=source, deepest=DEEPEST, longest=LONGEST_TEXT))
    tests = reader.objects(top, "tests")
    if not 0 < len(tests) <= MOST_TESTS:
        raise reader.error(f"holds {len(tests)} tests; it must be 1 to {MOST_TESTS}")
    builds = {reader.id(build, "build"): build for build in reader.objects(top, "builds")}
    checkouts = {reader.id(checkout, "checkout"): checkout for checkout in reader.objects(top, top["checkouts key"])}
    used = {reader.text(test, "build_id"): None for test in tests}
    return Imported(
        runs=reader.runs(tests, apart=len(used) > 1),
        subjects=reader.subjects(used, builds, checkouts),
        environment=reader.environment(tests, used, builds),
        tool=reader.ours_of(used, builds, "tool"),
        tool_version=reader.ours_of(used, builds, "tool_version"),
        started=min(filter(TIME_RE.fullmatch, (reader.text(test, "start_time") for test in tests)), default=""),
        notes=tuple(reader.notes(tests, used)),
    )


ID_RE = re.compile(r"(?:_:)?([a-z0-9_]+):[^\0]*")
COMMIT_RE = re.compile(r"[0-9a-f]{7,64}")
SHA256_RE = re.compile(r"[0-9a-f]{64}")
PATH_RE = re.compile(r"(?=.{1,256}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
NAME_RE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
TIME_RE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
URL_RE = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[!-~]*)?")
SCHEME_RE = re.compile(r"https?://", re.IGNORECASE)


@dataclass(slots=True)
class _Reader:
    """Reads objects with the file's name at hand for complaints, and counts what it leaves out."""

    source: str
    origin: str
    found: Counter[str] = field(default_factory=Counter)

    def error(self, problem: str) -> ParseError:
        return ParseError(self.source, 1, problem)

    def top(self, value: Json) -> _Fields:
        """Return the whole, with what its version calls checkouts under `checkouts key`."""
        version = value.get("version") if isinstance(value, dict) else None
        major = version.get("major") if isinstance(version, dict) else None
        if type(major) is not int or major not in CHECKOUTS:
            raise self.error('is no KCIDB report: "version": {"major": …} must be 3, 4 or 5')
        keys = ("version", CHECKOUTS[major], "builds", "tests", "issues", "incidents")
        for key in value:
            if key not in keys and not key.startswith("_"):
                raise self.error(f"no such key: {key[:80]!r}; there are: {', '.join(keys)}")
        return {**value, "checkouts key": CHECKOUTS[major]}

    def objects(self, parent: _Fields, key: str) -> list[_Fields]:
        value = parent.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(f"`{key}` must be a list of objects")
        return value

    def parts(self, parent: _Fields, key: str) -> list[_Fields]:
        """Return what there are a few of."""
        value = self.objects(parent, key)
        if len(value) > MOST_PARTS:
            raise self.error(f"`{key}` holds more than {MOST_PARTS} objects")
        return value

    def object(self, parent: _Fields, key: str) -> _Fields:
        value = parent.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"`{key}` must be an object")
        return value

    def text(self, parent: _Fields, key: str) -> str:
        value = parent.get(key, "")
        if not isinstance(value, str):
            raise self.error(f"`{key}` must be text")
        return value

    def number(self, parent: _Fields, key: str) -> float | None:
        value = parent.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.error(f"`{key}` must be a number")
        return None if value is None else float(value)

    def count(self, parent: _Fields, key: str) -> int | None:
        value = self.number(parent, key)
        if value is not None and not (value.is_integer() and 0 <= value < 1 << 53):
            raise self.error(f"`{key}` must be a count")
        return None if value is None else int(value)

    def id(self, parent: _Fields, kind: str) -> str:
        """Return the id of an object. It begins with its origin; `_:` before it is KCIDB's own mark.

        Revisions of version 3 are named by their commit instead.
        """
        name, origin = self.text(parent, "id"), self.text(parent, "origin")
        match = ID_RE.fullmatch(name)
        if kind == "checkout" and not match and COMMIT_RE.match(name):
            return name
        if not match or match[1] != origin:
            raise self.error(f"the {kind} {name[:80]!r} is not of the origin {origin[:80]!r} that it names")
        return name

    def runs(self, tests: list[_Fields], *, apart: bool) -> tuple[Run, ...]:
        drafts: dict[_Key, _Draft] = {}
        for test in tests:
            self.id(test, "test")
            self.add(test, drafts, apart=apart)
        return tuple(
            Run(scenario=draft.scenario, steps=tuple(draft.steps), planned=draft.planned) for draft in drafts.values()
        )

    def add(self, test: _Fields, drafts: dict[_Key, _Draft], *, apart: bool) -> None:
        ours = self.object(self.object(test, "misc"), OURS)
        path, name = self.place(test, ours)
        build = self.text(test, "build_id")
        dimensions = self.dimensions(ours) + ((("build", one_line(build)),) if apart else ())
        key = (build, path, tuple(sorted(dimensions)), self.count(ours, "run") or 0)
        planned = self.count(ours, "planned")
        draft = drafts.setdefault(key, _Draft(Scenario(path=path, dimensions=key[2]), planned))
        if ours.get("empty") is not True:
            draft.attempts[name] += 1
            draft.steps.append(self.step(test, ours, name, draft.attempts[name]))

    def place(self, test: _Fields, ours: _Fields) -> tuple[str, str]:
        path = self.text(test, "path")
        if "scenario" in ours:
            said = self.text(ours, "scenario")
            exact = said if PATH_RE.fullmatch(said) else scenario_path([said]) or "unnamed"
            return exact, one_line(self.text(ours, "step")) or "unnamed"
        if path:
            return place(path.split("."))
        self.found["tests without a path"] += 1
        return "unnamed", one_line(self.text(test, "id").partition(":")[2]) or "unnamed"

    def dimensions(self, ours: _Fields) -> tuple[tuple[str, str], ...]:
        said = self.object(ours, "dimensions")
        if len(said) >= MOST_PARTS // 2:
            raise self.error("a scenario has too many dimensions")
        if wrong := next((name for name in said if not NAME_RE.fullmatch(name)), None):
            raise self.error(f"{wrong[:80]!r} is no name of a dimension")
        return tuple((name, one_line(self.text(said, name))) for name in said)

    def step(self, test: _Fields, ours: _Fields, name: str, attempt: int) -> Step:
        verdict, reported = self.verdict(test)
        duration = self.number(test, "duration")
        return Step(
            name=name,
            verdict=verdict,
            reported=one_line(self.text(ours, "reported")) or reported,
            duration_s=duration if duration is not None and 0 <= duration <= LONGEST_S else None,
            numbers=self.numbers(test, ours, name if "path" in test else "value"),
            excerpt=self.evidence(test, ours),
            attachments=tuple(self.attachment(file) for file in self.parts(ours, "attachments")),
            attempt=attempt,
            host=slug(self.text(ours, "host")),
        )

    def verdict(self, test: _Fields) -> tuple[Verdict, str]:
        """Return the effective verdict, and the word where it differs: a waived test ran, and judges nothing."""
        status = self.text(test, "status")
        waived = test.get("waived", False)
        if not isinstance(waived, bool):
            raise self.error("`waived` must be true or false")
        if not status:
            self.found["tests without a status"] += 1
            return Verdict.MISS, "no status"
        if status not in VERDICTS:
            raise self.error(f"`status` is {status[:80]!r}; it must be one of: {', '.join(VERDICTS)}")
        return (Verdict.DONE, f"{status.lower()}, waived") if waived else (VERDICTS[status], "")

    def numbers(self, test: _Fields, ours: _Fields, name: str) -> tuple[Number, ...]:
        """Return all that our own export says, or the one number of a test: its prefix is only for display."""
        if "numbers" in ours:
            return tuple(self.measured(said, one_line(self.text(said, "name"))) for said in self.parts(ours, "numbers"))
        said = self.object(test, "number")
        return (self.measured(said, name),) if said else ()

    def measured(self, said: _Fields, name: str) -> Number:
        value = self.number(said, "value")
        if value is None or abs(value) > LARGEST or not name:
            raise self.error("a `number` needs a `value`, and a name where there are several")
        return Number(name=name, value=value, unit=one_line(self.text(said, "unit")) or DIMENSIONLESS)

    def evidence(self, test: _Fields, ours: _Fields) -> str:
        """Return the excerpt, and below it the links of a foreign report: files without a hash are not attachments."""
        links = [] if ours else self.objects(test, "output_files")
        log = [{"name": "log", "url": test["log_url"]}] if "log_url" in test else []
        lines = [f"{one_line(self.text(file, 'name'))}: {url}" for file in log + links if (url := self.url(file))]
        said = self.text(test, "log_excerpt")
        is_exact = bool(ours) and not lines and len(said) <= LONGEST and not CONTROL_RE.search(said)
        return said if is_exact else excerpt("\n".join([said, *lines]))

    def url(self, file: _Fields) -> str:
        """Return a link. One that is no https is left out, unless it is none at all: such a file is refused."""
        url = self.text(file, "url")
        if not SCHEME_RE.match(url):
            raise self.error(f"the link {url[:80]!r} is refused: it must begin with https://")
        if not URL_RE.fullmatch(url):
            self.found["links that are not https, or hold a name or a password"] += 1
            return ""
        return url

    def attachment(self, file: _Fields) -> Attachment:
        sha256, size = self.text(file, "sha256"), self.count(file, "size_bytes")
        if not SHA256_RE.fullmatch(sha256) or size is None:
            raise self.error("an attachment needs `sha256` and `size_bytes`")
        url = self.url(file) if "url" in file else ""
        return Attachment(name=one_line(self.text(file, "name")) or "unnamed", sha256=sha256, size_bytes=size, url=url)

    def subjects(self, used: _Fields, builds: _Fields, checkouts: _Fields) -> tuple[Subject, ...]:
        """Return what our own export says, or the kernel where all tests are of one checkout."""
        if said := self.ours(used, builds):
            return tuple(self.subject(part) for part in self.parts(said, "subjects"))
        names = {self.checkout_of(builds[name]) for name in used if name in builds}
        found = [checkouts[name] for name in names if name in checkouts]
        if len(names) != 1 or not found or not used.keys() <= builds.keys():
            return ()
        commit = self.text(found[0], "git_commit_hash")
        version = one_line(self.text(found[0], "git_commit_name")) or commit
        return (Subject(role="first kernel", version=version, commit=_commit(commit)),) if version else ()

    def checkout_of(self, build: _Fields) -> str:
        return self.text(build, "revision_id" if "revision_id" in build else "checkout_id")

    def subject(self, part: _Fields) -> Subject:
        role, version, package = (one_line(self.text(part, key)) for key in ("role", "version", "package"))
        if not role or not version:
            raise self.error("a subject needs `role` and `version`")
        return Subject(role=role, version=version, commit=_commit(self.text(part, "commit")), package=package)

    def environment(self, tests: list[_Fields], used: _Fields, builds: _Fields) -> Environment:
        """Return what our own export says, and the architecture where all builds agree."""
        said = self.object(self.object(self.object(tests[0], "environment"), "misc"), OURS)
        names = {self.text(builds[name], "architecture") for name in used if name in builds}
        machine = names.pop() if len(names) == 1 and used.keys() <= builds.keys() else ""
        return Environment(
            architecture=architecture(self.text(said, "architecture") or machine),
            **{key: one_line(self.text(said, key)) for key in ("distribution", "machine", "firmware", "secure_boot")},
            memory_mb=self.count(said, "memory_mb"),
            processors=self.count(said, "processors"),
            command_line=command_line(self.text(said, "command_line"))[0],
        )

    def ours(self, used: _Fields, builds: _Fields) -> _Fields:
        """Return what our own export says of the one build."""
        build = builds.get(next(iter(used)), {}) if len(used) == 1 else {}
        return self.object(self.object(build, "misc"), OURS)

    def ours_of(self, used: _Fields, builds: _Fields, key: str) -> str:
        return one_line(self.text(self.ours(used, builds), key))

    def notes(self, tests: list[_Fields], used: _Fields) -> Iterator[str]:
        origins = sorted({self.text(test, "origin") for test in tests})
        if self.origin and origins != [ODD_RE.sub("_", self.origin)]:
            yield one_line(f"handed in by {self.origin}; the file names as origin: {', '.join(origins)}")[:LONGEST_NOTE]
        elif len(origins) > 1:
            yield one_line(f"tests of several origins: {', '.join(origins)}")[:LONGEST_NOTE]
        if len(used) > 1:
            yield f"tests of {len(used)} builds: split the file by build so that each says its kernel and architecture"
        yield from (f"{what}: {count}" for what, count in self.found.items())
        devices = (self.object(test, "environment").get("compatible") for test in tests)
        names = chain.from_iterable(names for names in devices if isinstance(names, list))
        if known := sorted({name for name in names if isinstance(name, str)}):
            yield one_line(f"devices: {', '.join(known)}")


def _commit(text: str) -> str:
    return text if COMMIT_RE.fullmatch(text) else ""
