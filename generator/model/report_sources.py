"""Where reports are pulled from, and whose word counts there."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """One source of mkdocs.yml. `kind`: `git` (a branch), `folder`, or `index` (a JSON list of addresses)."""

    name: str
    kind: str
    address: str
    origins: tuple[str, ...]  # for whom it may speak
    branch: str = ""
    signers: str = ""  # file in the format of ssh-keygen's ALLOWED SIGNERS, "" none: nothing is proven


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSources:
    """The folder of our own reports, who signs there, and the sources besides."""

    folder: Path
    signers: str = ""
    sources: tuple[ReportSource, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """The commit that brought a file in: seconds since 1970, and the fingerprint of its good signature, "" none."""

    committed: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key, and the origins whose reports it may sign."""

    origins: tuple[str, ...]
    fingerprint: str  # `SHA256:…`, as ssh-keygen -l says it
    name: str  # the comment behind the key, or the fingerprint
