"""Patches that someone carries: what was received, where it came from, where it went."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.model.commits import Person, Stamp, Trailer
from generator.model.diffs import FileDiff


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a collection applies to: a git source by name and a tag of it, and the version as its authors say it."""

    source: str  # the name of a git source of the configuration, "" when none of them is it
    tag: str  # the tag that stands for the version, "" when unknown
    package: str  # as people say it, such as "kexec-tools"
    version: str  # such as "1.101"


@dataclass(frozen=True, slots=True, kw_only=True)
class DistGit:
    """A distribution's git repository of one package: a spec file and patches."""

    name: str
    title: str
    distribution: str
    addresses: tuple[str, ...]  # tried in order
    branch: str = ""  # "" the remote's default


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSources:
    """Where collections of patches come from."""

    folder: Path
    debian: tuple[str, ...] = ()  # source packages, by the machine's own apt sources
    dist_git: tuple[DistGit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One patch as received, and what it says of itself. Text holds surrogate escapes for what was not UTF-8."""

    name: str  # the file's name; of a mail in an mbox with its number behind a `#`
    sha256: str  # of the bytes as received (the whole file's, for a mail of an mbox)
    size_bytes: int
    form: str  # `mail`, `plain` (a bare diff), `dep3` (a diff below DEP-3 or free-text headers), `bundle`
    packing: str = ""  # `gz`, `xz` or ""
    data: bytes  # unpacked: of this patch alone
    file: str = ""  # the name of the file as received where that is not `name`: an mbox with many mails
    received: bytes = b""  # that file's bytes where they are not `data`: it is packed, or has more than this patch
    subject: str = ""  # without [PATCH …]; "" when it has none
    author: Person | None = None
    authored: Stamp | None = None
    message: str = ""  # without subject and trailers' loss: the text before the diff
    trailers: tuple[Trailer, ...] = ()
    message_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()  # mail or DEP-3 headers in their order, unfolded
    version: int = 1  # of the series, from [PATCH v2 3/7]
    number: int = 0  # 3; 0 for a cover letter or when unknown
    total: int = 0  # 7
    strip: int = 1  # the -p level that its paths want
    files: tuple[FileDiff, ...] = ()  # empty: a cover letter, or a diff that could not be read (see `problem`)
    problem: str = ""  # what is wrong with it, in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A patch that is known of but not here."""

    name: str
    purpose: str
    usage: str = ""
    address: str = ""  # where it once was
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Patches that belong together: a series, a distribution's package in one version, a historical set."""

    name: str  # the folder's name, or `debian-kexec-tools-2.0.25-3`
    title: str
    kind: str  # `series`, `distribution`, `historical`
    description: str = ""
    target: Target
    distribution: str = ""  # such as "Debian 12"
    origin: str = ""  # address
    licence: str = ""
    status: str = ""  # as its owner says it
    successor: str = ""  # a path in the site or an address: today's equivalent
    maintainer: Person | None = None  # who answers for it, such as a package's maintainer
    released: Stamp | None = None  # when it was given out, such as the date of a package's changelog
    patches: tuple[Patch, ...] = ()  # in the order in which they apply
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HunkResult:
    """How one hunk went on. verdict: `clean`, `offset`, `fuzz`, `failed`."""

    file: str
    number: int
    verdict: str
    offset: int = 0  # lines
    fuzz: int = 0  # context lines given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Whether a patch applies to a tag, after those before it in its collection.

    verdict: `clean`, `offset`, `fuzz`, `failed`, `applied` (it is in there already), `unknown` (see `reason`).
    """

    source: str
    tag: str
    verdict: str
    hunks: tuple[HunkResult, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The upstream commit that a patch is, or is like.

    verdict: `equal` (the same stable patch-id), `subject` (same author and subject), `near` (alike), `none`.
    """

    verdict: str
    source: str = ""
    sha: str = ""
    share: float = 0.0  # 0..1: how much of the changed lines is the same
    first_tag: str = ""  # the first release that has the commit
    carried_by: tuple[tuple[str, str], ...] = ()  # (collection, patch name) of equal patches elsewhere
    forwarded: str = ""  # as the patch says it: DEP-3 Forwarded
    extent: str = ""  # `part of` (its lines are in the commit, which has more), `contains` (the commits of `parts`)
    parts: tuple[str, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFacts:
    """Everything the portal worked out about one patch of one collection."""

    collection: str
    patch: str
    patch_id: str  # git's stable patch-id, "" for what has no diff
    provenance: Provenance
    superseded_by: tuple[str, str] = ("", "")  # (collection, patch); a collection alone: a newer release dropped it
    applications: tuple[Application, ...] = ()


Facts = Mapping[tuple[str, str], PatchFacts]
"""By collection and patch name."""
