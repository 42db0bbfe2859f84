"""A git source as a whole: what is configured, what was read, and what its commits say about each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.commits import Commit, CommitRecord
from generator.model.mirrors import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Tarballs:
    """Where the tarballs as released are mirrored. `{version}` and `{tag}` stand in the addresses."""

    url: str
    signature: str = ""  # address of the detached signature
    signs: str = "tarball"  # what the signature is over: `tarball` or `tar` (the uncompressed bytes)
    checksums: str = ""  # address of a file with `SHA-256  name` lines


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSource:
    """One git source of the configuration."""

    name: str
    title: str
    description: str
    addresses: tuple[str, ...]  # tried in order
    override: str = ""  # the one address to use instead, for this run
    branch: str = ""  # "" the remote's default
    trees: tuple[str, ...] = ()  # tags whose files are shown besides the head's; () the newest release
    xz: tuple[str, ...] = ()  # tags that also get a .tar.xz snapshot; ("newest",) the newest release
    keyring: str = ""  # file of public keys that tags are checked with, "" none
    tarballs: Tarballs | None = None
    manual: str = ""  # path of a manual page in the tree, whose program's options are shown with it; "" none

    @property
    def public_addresses(self) -> tuple[str, ...]:
        """The addresses that mean something elsewhere than on this machine."""
        return tuple(address for address in self.addresses if "://" in address and not address.startswith("file:"))


@dataclass(frozen=True, slots=True)
class Reference:
    """One commit named by another. kind: `fixes`, `reverts`, `mentions`; back: `fixed by`, `reverted by`, ..."""

    kind: str
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A git source read. `commits` are newest first; `records` has each commit's patch facts."""

    source: GitSource
    branch: str
    head: str
    commits: tuple[Commit, ...]
    by_sha: Mapping[str, Commit]
    records: Mapping[str, CommitRecord]
    tags: tuple[Tag, ...]  # newest first
    children: Mapping[str, tuple[str, ...]]
    first_tag: Mapping[str, str]  # commit -> name of the earliest tag that contains it
    by_tag: Mapping[str, tuple[str, ...]]  # tag -> commits first contained in it, newest first
    references: Mapping[str, tuple[Reference, ...]]  # outgoing and incoming, in a fixed order
    notice: str = ""  # HTML for every page of the source, such as "as of DATE"
