"""Which release a commit came out with."""

from collections.abc import Mapping, Sequence

from generator.model.commits import Commit
from generator.model.mirrors import Tag


def first_tags(by_sha: Mapping[str, Commit], tags: Sequence[Tag]) -> dict[str, str]:
    """Return for each commit the name of the earliest tag that contains it; `tags` come newest first.

    Linear: a commit is visited once, by the first tag that reaches it.
    """
    found: dict[str, str] = {}
    for tag in reversed(tags):
        waiting = [tag.commit]
        while waiting:
            sha = waiting.pop()
            if sha in by_sha and sha not in found:
                found[sha] = tag.name
                waiting += by_sha[sha].parents
    return found


def by_tag(commits: Sequence[Commit], found: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return for each tag the commits that it is the first to contain, in the order of `commits`."""
    lists: dict[str, list[str]] = {}
    for commit in commits:
        if commit.sha in found:
            lists.setdefault(found[commit.sha], []).append(commit.sha)
    return {tag: tuple(shas) for tag, shas in lists.items()}
