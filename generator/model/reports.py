"""Test reports: what was tested, on what, step by step, and what came of it.

The file form is the JSON document `kdump-report/1` (`generator/parse/report.schema.json`). Verdicts are KCIDB's six.
"""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What came of a step, a run or a report."""

    FAIL = "fail"
    ERROR = "error"  # the test itself broke
    MISS = "miss"  # planned, and it did not come: the host never returned, the plan was not kept
    SKIP = "skip"
    PASS = "pass"
    DONE = "done"  # it ran, and judges nothing

    @property
    def severity(self) -> int:
        """How much it matters: of several, the largest is the verdict of the whole."""
        return SEVERITY[self]


SEVERITY = {
    Verdict.FAIL: 5,
    Verdict.ERROR: 4,
    Verdict.MISS: 3,
    Verdict.PASS: 2,
    Verdict.SKIP: 1,
    Verdict.DONE: 0,
}


def worst(verdicts: "list[Verdict] | tuple[Verdict, ...]") -> Verdict:
    """Return the verdict of a whole by those of its parts. No part is no result: `miss`, never a pass."""
    return max(verdicts, key=lambda verdict: verdict.severity, default=Verdict.MISS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Something measured, with its unit as text (`MB`, `s`, `bytes`, `MB/s`)."""

    name: str  # such as `reserved`, `minimum available memory`, `dump size`
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that belongs to a step, by its hash; the bytes are elsewhere unless the report brings them."""

    name: str
    sha256: str
    size_bytes: int
    url: str = ""  # https only


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of a run, with its own verdict: a crash test is not one test."""

    name: str
    verdict: Verdict  # the effective one
    reported: str = ""  # the verdict in the words of the tool, where it differs
    duration_s: float | None = None  # None: the report did not say
    numbers: tuple[Number, ...] = ()
    excerpt: str = ""  # evidence, at most 16,384 characters
    attachments: tuple[Attachment, ...] = ()
    attempt: int = 1  # repeats are attempts, never merged
    host: str = ""  # role: client, server


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What was tried: a dotted path, and named dimensions such as (`load`, `kexec_file_load`), sorted by name."""

    path: str
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A scenario tried once. `planned`: how many steps were to come, None where nobody said."""

    scenario: Scenario
    steps: tuple[Step, ...]
    planned: int | None = None

    @property
    def verdict(self) -> Verdict:
        """The effective verdict: the worst step counts, and fewer steps than planned are a miss.

        A failed attempt counts too, unless the tool itself says that it was tried again and passed: two tests of one
        name look like attempts, and a failure must not vanish behind the later one.
        """
        verdicts = [step.verdict for step in self.steps if step.reported not in PASSED_LATER]
        if self.planned is not None and len({step.name for step in self.steps}) < self.planned:
            verdicts.append(Verdict.MISS)
        return worst(verdicts)


PASSED_LATER = ("flakyFailure", "flakyError")  # Surefire's words for failed attempts of what passed in the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that was tested. `role`: `first kernel`, `capture kernel`, `kexec-tools`, `makedumpfile`, ..."""

    role: str
    version: str  # as text: 6.10 is not 6.1
    commit: str = ""
    package: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """On what it was tested. "" where the report did not say."""

    architecture: str = ""
    distribution: str = ""  # such as `debian-12`
    machine: str = ""  # `virtual`, `physical`
    firmware: str = ""  # `bios`, `uefi`, ...
    secure_boot: str = ""
    memory_mb: int | None = None
    processors: int | None = None
    command_line: tuple[tuple[str, str], ...] = ()  # an allow-list of parameters, never the whole line


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a foreign format could say. What it cannot, such as the kernel and the target, comes from a sidecar."""

    runs: tuple[Run, ...]
    subjects: tuple[Subject, ...] = ()
    environment: Environment = Environment()
    tool: str = ""
    tool_version: str = ""
    started: str = ""
    kernel_line: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One submission, never edited; a later one may supersede or withdraw it."""

    origin: str  # who submits, a slug
    tool: str = ""
    tool_version: str = ""
    started: str = ""  # ISO 8601 with zone, as the report says it; never part of a key
    kernel_line: str = ""  # `mainline`, `stable-6.12`, `debian-12`; patched builds have their own
    subjects: tuple[Subject, ...] = ()
    environment: Environment = Environment()
    runs: tuple[Run, ...] = ()
    supersedes: str = ""  # the id of an earlier report of the same origin
    withdraws: str = ""
    reason: str = ""  # of a withdrawal
    source_format: str = "kdump-report"
    source_sha256: str = ""  # of the file that was imported
    notes: tuple[str, ...] = ()  # what the importer had to say: repaired bytes, header counts that lie

    @property
    def verdict(self) -> Verdict:
        """The verdict of all runs; without any it is `miss`."""
        return worst([run.verdict for run in self.runs])


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A report as it lies in the repository: its id is the SHA-256 of its canonical JSON."""

    id: str
    report: Report
    path: str  # content/reports/<origin>/<id>.json, relative to the project
    committed: int | None = None  # seconds since 1970 of the commit that brought it in
    signer: str = ""  # who signed that commit, "" nobody
    source: str = ""  # the source of mkdocs.yml that it was pulled from, "" our own folder
    forged: str = ""  # why its origin is not believed, "" nothing speaks against it


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssue:
    """A reviewed file that explains failures; it matches nothing after it expires."""

    id: str
    title: str
    url: str
    path: str  # glob over scenario paths
    dimensions: tuple[tuple[str, str], ...] = ()
    excerpt: str = ""  # literal text that the evidence must hold
    verdict: Verdict = Verdict.FAIL
    owner: str = ""
    added: str = ""  # ISO date
    expires: str = ""  # ISO date
    file: str = ""
