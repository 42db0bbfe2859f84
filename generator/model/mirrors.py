"""What is known of a git mirror besides its objects."""

from dataclasses import dataclass

from generator.model.commits import Person, Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorState:
    """When and from where a mirror was last brought up to date.

    `fetched_at` is seconds since 1970. `problem` is "" when the last attempt succeeded: then pages carry no date.
    """

    address: str
    branch: str
    fetched_at: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag as git records it. `commit` is "" when it does not lead to a commit."""

    name: str
    commit: str
    target: str  # the object the ref names: the tag object, or for a lightweight tag the commit
    annotated: bool
    tagger: Person | None
    stamp: Stamp  # the tagger's; for a lightweight tag the committer's
    subject: str
    body: str
    signature: str  # armoured, "" when there is none
