"""Patches made of text, as the loaders make them, for the tests of mails and of whether patches apply."""

from dataclasses import replace

from generator.model.commits import Person, Stamp
from generator.model.patches import Collection, Patch, Target
from generator.sources.patches import make_patch

RELEASED = Stamp(1_600_000_000, "+0200")
MAINTAINER = Person("Mai Ntainer", "mai@example.org")


def plain_patch(name: str, data: bytes, strip: int | None = None) -> Patch:
    """Return the one patch of a file."""
    (patch,) = make_patch(name, data, strip=strip)
    return patch


def carried(*patches: Patch, **more: object) -> Collection:
    """Return a collection of patches for version 1.0 of `thing`."""
    plain = Collection(
        name="debian-thing-1.0-1",
        title="thing 1.0-1 in Debian 12",
        kind="distribution",
        target=Target(source="thing", tag="v1.0", package="thing", version="1.0"),
        patches=patches,
        released=RELEASED,
        maintainer=MAINTAINER,
    )
    return replace(plain, **more)
