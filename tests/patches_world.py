"""Collections of patches made by git from a repository of the tests, and a hostile one, with facts about them."""

import hashlib
from dataclasses import replace
from pathlib import Path

from releases_world import EVIL, commit, git, history_of, mirror_of, plain_repository

from generator.model.commits import Person, Stamp, Trailer
from generator.model.histories import History
from generator.model.patches import (
    Application,
    Collection,
    Facts,
    HunkResult,
    Missing,
    Patch,
    PatchFacts,
    Provenance,
    Target,
)
from generator.parse.diff import parse_diff

SOURCE = "kexec-tools"
TARGET = Target(source=SOURCE, tag="v1.101", package="kexec-tools", version="1.101")
ADA = Person("Ada", "ada@example.org")
NASTY = (
    EVIL,
    "index.html",
    "index",
    "series",
    "series.mbox",
    "SHA256SUMS",
    "received",
    "v1-v2",
    "..",
    "../../../etc/passwd",
    "/etc/passwd",
    "quo\"te's & amp;",
    "new\nline\ttab",
    "latin-\udce9",
    "bidi-\u202etxt",
    "page.svg",
    "x.php.patch",
    "all.mbox#2",
    "all.mbox",
    "a",
    "a.mbox",
    "a.txt",
    "$(touch x)`id`;rm.patch",
    "-rf",
    "",
    "x" * 300,
    "~p2",
    "by",
)


def patch_of(name: str, data: bytes, **more: object) -> Patch:
    """Return a patch of git's own diff."""
    start = data.find(b"diff --git ")
    files = parse_diff(data, source=name, start=start)[0] if start >= 0 else ()
    values = {
        "name": name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "form": "plain",
        "data": data,
        "files": files,
    }
    return Patch(**(values | more))


def diff_of(repository: Path, revision: str) -> bytes:
    """Return the diff of a commit as git prints it."""
    text = git(repository, "diff", f"{revision}^", revision)
    return text.encode("utf-8", "surrogateescape") + b"\n"


def realistic(folder: Path) -> tuple[tuple[Collection, ...], Facts, dict[str, History]]:
    """Return a distribution's patches, a series in two versions, and a historical set of which nothing is here."""
    repository = plain_repository(folder / "plain")
    commit(repository, "many.c", "".join(f"int number_{i};\n" for i in range(60)), "many: add", 1_510_000_000)
    history = history_of(mirror_of(repository))
    newest, _, adding, *_ = history.commits
    equal = patch_of("0001-b.patch", diff_of(repository, adding.sha), form="dep3", headers=(("Forwarded", "yes"),))
    near = patch_of("0002-near.patch", diff_of(repository, newest.sha), subject="many: add some", author=ADA)
    own = patch_of("own.patch", diff_of(repository, newest.sha).replace(b"number_", b"our_"))
    debian = Collection(
        name="debian-kexec-tools-2.0",
        title="kexec-tools 2.0-1 in Debian 12",
        kind="distribution",
        target=replace(TARGET, tag="v2.0", version="2.0"),
        distribution="Debian 12",
        origin="https://sources.example/kexec-tools",
        licence="GPL-2.0-only",
        released=Stamp(1_505_000_000, "+0000"),
        patches=(equal, near, own),
    )
    series = _series(repository, newest.sha)
    old = Collection(
        name="kdump-1.101",
        title="kexec-tools 1.101 with kdump",
        kind="historical",
        description="Before git.\n\nFrom the first site.",
        target=TARGET,
        successor=f"git/{SOURCE}/index.html",
        missing=(Missing(name="kdump.patch", purpose="Adds kdump.", usage="patch -p1 < kdump.patch"),),
    )
    facts = {
        (debian.name, equal.name): _facts(
            debian,
            equal,
            Provenance(
                verdict="equal",
                source=SOURCE,
                sha=adding.sha,
                share=1.0,
                first_tag="v2.0",
                carried_by=((series.name, "v2.mbox#2"),),
                forwarded="https://lists.example/1",
            ),
            Application(source=SOURCE, tag="v2.0", verdict="applied"),
        ),
        (debian.name, near.name): _facts(
            debian,
            near,
            Provenance(verdict="near", source=SOURCE, sha=newest.sha, share=0.8999),
            Application(
                source=SOURCE,
                tag="v2.0",
                verdict="offset",
                hunks=(HunkResult(file="many.c", number=1, verdict="offset", offset=-3),),
            ),
        ),
        (debian.name, own.name): _facts(
            debian,
            own,
            Provenance(verdict="none"),
            Application(
                source=SOURCE,
                tag="v2.0",
                verdict="failed",
                hunks=(
                    HunkResult(file="many.c", number=1, verdict="failed"),
                    HunkResult(file="gone.c", number=9, verdict="fuzz", fuzz=1),
                ),
            ),
            Application(source=SOURCE, tag="v9.9", verdict="unknown", reason="there is no such tag"),
        ),
    } | {
        (series.name, patch.name): replace(
            _facts(series, patch, Provenance(verdict="none")),
            superseded_by=(series.name, "v2.mbox#2") if patch.version == 1 else ("", ""),
        )
        for patch in series.patches
        if patch.files
    }
    return (debian, series, old), facts, {SOURCE: history}


def _series(repository: Path, revision: str) -> Collection:
    diff = diff_of(repository, revision)
    mails = [
        patch_of(
            f"v{version}.mbox#{number + 1}",
            b"" if not number else diff.replace(b"number_1;", b"number_%d;" % (version * 1000)),
            file=f"v{version}.mbox",
            received=b"From x\n\nall of version %d\n" % version,
            form="mail",
            subject="many: more" if number else "A series",
            author=ADA,
            authored=Stamp(1_520_000_000 + version, "+0100"),
            message=f"Why.\n\nSigned-off-by: Ada <ada@example.org>\nSee {revision[:12]}",
            trailers=(Trailer("Signed-off-by", "Ada <ada@example.org>"),),
            message_id=f"<v{version}.{number}@example.org>",
            version=version,
            number=number,
            total=1,
        )
        for version in (1, 2)
        for number in (0, 1)
    ]
    return Collection(name="many", title="Many numbers", kind="series", target=TARGET, patches=tuple(mails))


def hostile(folder: Path) -> tuple[tuple[Collection, ...], Facts, dict[str, History]]:
    """Return two collections with the same wild names, text, addresses and claims."""
    repository = plain_repository(folder / "plain")
    history = history_of(mirror_of(repository))
    diff = diff_of(repository, history.commits[0].sha).replace(b"c.c", b"<script>&.c")
    patches = tuple(_wild(name, diff) for name in NASTY)
    wild = Collection(
        name=EVIL,
        title=EVIL,
        kind=EVIL,
        description=f"{EVIL}\n\n\x07",
        target=Target(source=EVIL, tag="../..", package="..", version='"><script>'),
        distribution=f"{EVIL} ../..",
        origin="javascript:alert(1)",
        licence=EVIL,
        status="superseded",
        successor="javascript:alert(1)",
        maintainer=Person(EVIL, EVIL),
        patches=patches,
        missing=(Missing(name=f"'; {EVIL}", purpose=EVIL, usage=EVIL, address="javascript:alert(1)", sha256=EVIL),),
    )
    names = ("..", "by", "droppable", "all.atom", "not-upstream.html", "index.html", "")
    others = tuple(replace(wild, name=name, kind="distribution", missing=()) for name in names)
    odd = Provenance(verdict="near", source=EVIL, sha='"><script>', first_tag=EVIL, forwarded="javascript:x")
    tried = Application(
        source=EVIL,
        tag=EVIL,
        verdict="failed",
        hunks=(HunkResult(file=EVIL, number=99, verdict="failed"),),
        reason=EVIL,
    )
    everything = (wild, *others)
    facts = {(one.name, patch.name): _facts(one, patch, odd, tried) for one in everything for patch in patches}
    return everything, facts, {SOURCE: history}


def _wild(name: str, diff: bytes) -> Patch:
    return patch_of(
        name,
        diff,
        form=EVIL,
        packing=EVIL,
        subject=EVIL,
        author=Person(EVIL, f'"{EVIL}'),
        authored=Stamp(1 << 60, "+9999"),
        message=f'{EVIL}\n\nhttps://x/"><script>\n',
        trailers=(Trailer(EVIL, EVIL),),
        message_id=f"<{EVIL}>",
        headers=((EVIL, EVIL), ("Last-Update", EVIL)),
        problem=EVIL,
        total=3,
    )


def _facts(collection: Collection, patch: Patch, provenance: Provenance, *applications: Application) -> PatchFacts:
    return PatchFacts(
        collection=collection.name,
        patch=patch.name,
        patch_id="1" * 40,
        provenance=provenance,
        applications=applications,
    )
