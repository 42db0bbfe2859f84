import gzip
import hashlib
import mailbox
import shutil
import subprocess
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from carried_world import MAINTAINER, carried, plain_patch
from quilt_world import push
from world import environment, git

from generator.model.commits import Person, Stamp
from generator.model.patches import Missing, Patch
from generator.render.mails import am_mail, can_mail, is_git_mail, message_id, series_mbox, series_tar
from generator.sources.patches import make_patch

MAIN = b"".join(b"line %d\n" % number for number in range(1, 21))
LATIN = b"caf\xe9\n" + MAIN
FILES = {"main.c": MAIN, "src/latin.c": LATIN, "dos.txt": MAIN.replace(b"\n", b"\r\n"), "end.txt": b"no newline"}
CHANGE = b"--- a/main.c\n+++ b/main.c\n@@ -1,4 +1,4 @@\n line 1\n-line 2\n+line two\n line 3\n line 4\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with one commit."""
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for name, data in FILES.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=start")
    return folder


def after_am(tree: Path, mail: bytes, *options: str) -> str:
    """Give mails to git am; return the tree that comes of it, and leave the work tree there."""
    git(tree, "am", "--quiet", *options, stdin=mail)
    return git(tree, "rev-parse", "HEAD^{tree}").decode()


def after_patch(tree: Path, *patches: Patch) -> str:
    """Return the tree after patch(1), from the first commit."""
    git(tree, "checkout", "--quiet", "--force", git(tree, "rev-list", "--max-parents=0", "HEAD").decode())
    git(tree, "clean", "-qfd")
    for patch in patches:
        command = ["patch", f"-p{patch.strip}", "--silent", "--binary"]
        subprocess.run(command, cwd=tree, input=patch.data, check=True, env=environment(tree))
    git(tree, "add", "--all")
    return git(tree, "write-tree").decode()


def said(tree: Path, form: str) -> str:
    return git(tree, "log", "-1", f"--format={form}").decode("utf-8")


def test_a_bare_diff_becomes_a_mail_that_says_what_it_was_made_of(tree: Path) -> None:
    patch = plain_patch("fix.patch", CHANGE)
    mail = am_mail(patch, carried(patch))
    assert after_am(tree, mail) == after_patch(tree, patch)
    git(tree, "checkout", "--quiet", "--force", "HEAD@{1}")
    assert said(tree, "%an <%ae> %ad") == "Mai Ntainer <mai@example.org> Sun Sep 13 14:26:40 2020 +0200"
    assert said(tree, "%B") == (
        "fix.patch\n\n[portal: headers made from the address of the maintainer, for it names no author, "
        "the date of the release and the file's name]\n"
    )


def test_without_maintainer_and_release_the_placeholders_are_ours_and_said(tree: Path) -> None:
    patch = plain_patch("fix.patch", CHANGE)
    after_am(tree, am_mail(patch, carried(patch, maintainer=None, released=None)))
    assert said(tree, "%an <%ae> %ai") == "kdump portal <kdump-portal@localhost> 1970-01-01 00:00:00 +0000"
    assert "an address of ours, for it names no author, 1970, for no date is known" in said(tree, "%B")


DEP3 = """\
Description: Größe richtig berechnen
 The size was wrong.
 .
 And the second paragraph: is kept.
Author: Jürgen (J.) Müller <jm@example.org>
Origin: upstream, https://example.org/c/1
Bug-Debian: https://bugs.example.org/123
Forwarded: not-needed
Last-Update: 2021-02-03
Applied-Upstream: 2.0

""".encode()


def test_dep3_fields_become_headers_and_the_rest_is_kept(tree: Path) -> None:
    patch = plain_patch("fix.patch", DEP3 + CHANGE)
    after_am(tree, am_mail(patch, carried(patch)))
    assert said(tree, "%an|%ae|%ai|%s") == (
        "Jürgen (J.) Müller|jm@example.org|2021-02-03 00:00:00 +0000|Größe richtig berechnen"
    )
    body = said(tree, "%b")
    assert "The size was wrong.\n\nAnd the second paragraph: is kept.\n" in body
    assert "\nOrigin: upstream, https://example.org/c/1\nBug-Debian: https://bugs.example.org/123\n" in body
    assert body.rstrip().endswith(
        "[portal: headers made from the author that it names, its Last-Update and its first line]"
    )


OLD_STYLES = {
    "-p0": CHANGE.replace(b"a/main.c", b"main.c").replace(b"b/main.c", b"main.c"),
    "backup name": CHANGE.replace(b"a/main.c", b"thing-1.0/main.c.orig").replace(b"b/main.c", b"thing-1.0/main.c"),
    "dated": b"Index: thing-1.0/main.c\n" + b"=" * 67 + b"\n"
    + CHANGE.replace(b"a/main.c", b"thing-1.0.orig/main.c\t2012-01-24 14:10:44.383816036 -0700")
    .replace(b"b/main.c", b"thing-1.0/main.c\t2012-01-31 08:44:23.235020166 -0700"),
    "context": b"*** a/main.c\t2012-01-24 14:10:44\n--- b/main.c\t2012-01-31 08:44:23\n***************\n*** 1,4 ****\n"
    b"  line 1\n! line 2\n  line 3\n  line 4\n--- 1,4 ----\n  line 1\n! line two\n  line 3\n  line 4\n",
    "carriage returns throughout": CHANGE.replace(b"\n", b"\r\n"),
    "-p2": CHANGE.replace(b"a/main.c", b"x/a/main.c").replace(b"b/main.c", b"x/b/main.c"),
}  # fmt: skip


@pytest.mark.parametrize("style", OLD_STYLES)
def test_what_git_am_cannot_read_is_written_anew(tree: Path, style: str) -> None:
    patch = plain_patch("old.patch", OLD_STYLES[style])
    assert not patch.problem
    wanted = after_patch(tree, plain_patch("new.patch", CHANGE))
    git(tree, "reset", "--quiet", "--hard")
    mail = am_mail(patch, carried(patch))
    assert after_am(tree, mail) == wanted
    assert b"\n--- a/main.c\n+++ b/main.c\n" in mail
    assert b"the paths of its diff were written for -p1" in mail


def made_by_git(tree: Path, changes: dict[str, bytes | None], *, mode: int = 0) -> bytes:
    """Return git's diff of some changes, and put the tree back."""
    for name, data in changes.items():
        file = tree / name
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
        if data is not None:
            file.write_bytes(data)
            file.chmod(mode or 0o644)
    git(tree, "add", "--all")
    diff = git(tree, "diff", "--cached", "-M", "--binary", "--full-index") + b"\n"
    git(tree, "reset", "--quiet", "--hard")
    return diff


KINDS: dict[str, tuple[dict[str, bytes | None], int]] = {
    "a new program": ({"tool.sh": b"#!/bin/sh\n"}, 0o755),
    "an empty file": ({"empty": b""}, 0),
    "a deletion": ({"main.c": None}, 0),
    "a renaming": ({"main.c": None, "other.c": MAIN + b"more\n"}, 0),
    "a mode": ({"main.c": MAIN}, 0o755),
    "no newline": ({"end.txt": b"other, no newline"}, 0),
    "Latin-1": ({"src/latin.c": LATIN + b"\xe4\xf6\n"}, 0),
    "lines with CR": ({"dos.txt": FILES["dos.txt"].replace(b"line 2\r", b"two\r")}, 0),
    "a name with blanks": ({"a b c.txt": b"x\n"}, 0),
    "an odd name": ({'q"uo\te.txt': b"x\n"}, 0),
    "binary": ({"data.bin": bytes(range(256))}, 0),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefixed", [True, False])
def test_every_kind_of_change_arrives(tree: Path, kind: str, prefixed: bool) -> None:
    changes, mode = KINDS[kind]
    diff = made_by_git(tree, changes, mode=mode)
    patch = plain_patch("x.patch", diff)
    git(tree, "apply", "--index", "--whitespace=nowarn", stdin=diff)
    wanted = git(tree, "write-tree").decode()
    git(tree, "reset", "--quiet", "--hard")
    if not prefixed and kind != "binary":
        patch = replace(patch, strip=0)  # forces the diff to be written anew
    assert after_am(tree, am_mail(patch, carried(patch))) == wanted


HOSTILE = {
    "a diff": "text\n\ndiff --git a/main.c b/main.c\n--- a/main.c\n+++ b/main.c\n@@ -1 +1 @@\n-line 1\n+evil\n",
    "an index line": "Index: foo\nmore",
    "a dashed line": "before\n---\nafter",
    "a name line": "before\n--- foo\nafter",
    "a mail": "text\n\nFrom 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\nFrom: X <x@a.org>\n",
    "an inner From": "From: Else <else@example.org>\n\ntext",
    "an inner subject": "Subject: another\n\ntext",
    "an inner date": "Date: Mon, 1 Jan 2001 00:00:00 +0000\n\ntext",
    "a scissors line": "before\n-- >8 --\nafter",
    "a NUL and returns": "a\0b\r\nc\rd",
    "bytes": "caf\udce9",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_message_can_become_header_patch_or_mail(tree: Path, kind: str) -> None:
    author = Person("Ann Author", "ann@example.org")
    patch = replace(plain_patch("x.patch", CHANGE), subject="subject", message=HOSTILE[kind], author=author)
    wanted = after_patch(tree, patch)
    git(tree, "reset", "--quiet", "--hard")
    assert after_am(tree, series_mbox(carried(patch)), "--scissors") == wanted
    assert said(tree, "%an %ae %s") == "Ann Author ann@example.org subject"
    assert git(tree, "rev-list", "--count", "HEAD") == b"2"
    assert "after" in said(tree, "%B") or "after" not in HOSTILE[kind]


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("x\nBcc: evil@example.org", "a@example.org"),
        ("\udce9t\udce9", "a@example.org"),
        ('quo"te \\ back', "a@example.org"),
        ("=?utf-8?q?evil?=", "a@example.org"),
        ("ü" * 200, "a@example.org"),
        ("", "a@example.org"),
        ("No Address", ""),
        ("Bad Address", "a b>\nTo: x@example.org"),
    ],
)
def test_no_name_breaks_a_header(tree: Path, name: str, email: str) -> None:
    patch = replace(plain_patch("x.patch", CHANGE), subject=f"about {name}", author=Person(name, email))
    mail = am_mail(patch, carried(patch))
    head = mail.partition(b"\n\n")[0].decode("ascii")
    assert [line for line in head.splitlines()[1:] if line[0] != " " and line.split(":")[0] not in HEADERS] == []
    after_am(tree, mail)
    assert said(tree, "%ae") == ("a@example.org" if email == "a@example.org" else "unknown@localhost")


HEADERS = (
    "From", "Date", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"
)  # fmt: skip


@pytest.mark.parametrize("seconds", [-1, 1 << 60, 4_200_000_000])
def test_a_date_that_git_does_not_read_is_not_written(tree: Path, seconds: int) -> None:
    patch = replace(plain_patch("x.patch", CHANGE), authored=Stamp(seconds, "+9999"))
    after_am(tree, am_mail(patch, carried(patch)))
    assert said(tree, "%at") == "1600000000"


def format_patches(tree: Path, count: int, *options: str) -> list[bytes]:
    """Make commits and return their mails."""
    for number in range(count):
        (tree / "main.c").write_bytes(MAIN.replace(b"line 9\n", b"change %d\n" % number))
        git(tree, "commit", "--quiet", "--all", f"--message=change {number}")
    git(tree, "format-patch", "--quiet", f"-{count}", "--output-directory=out", *options)
    return [file.read_bytes() for file in sorted((tree / "out").iterdir())]


def test_a_git_mail_stays_byte_for_byte(tree: Path) -> None:
    for mail in format_patches(tree, 2):
        (patch,) = make_patch("0001.patch", mail)
        assert is_git_mail(patch)
        assert am_mail(patch, carried(patch)) == patch.data
        assert mail.endswith(patch.data)


def test_a_series_of_bare_diffs_is_threaded_and_numbered(tree: Path) -> None:
    second = CHANGE.replace(b"line 2", b"line two").replace(b"+line two", b"+line zwei")
    patches = plain_patch("one.patch", CHANGE), plain_patch("two.patch", second)
    made = carried(*patches)
    assert after_am(tree, series_mbox(made)) == after_patch(tree, *patches)
    mails = read_mbox(tree, series_mbox(made, cover=True))
    assert [mail["Subject"] for mail in mails] == [
        "[PATCH 0/2] thing 1.0-1 in Debian 12", "[PATCH 1/2] one.patch", "[PATCH 2/2] two.patch"
    ]  # fmt: skip
    root = mails[0]["Message-ID"]
    assert "In-Reply-To" not in mails[0]
    assert {(mail["In-Reply-To"], mail["References"]) for mail in mails[1:]} == {(root, root)}
    assert len({mail["Message-ID"] for mail in mails}) == 3
    assert "[portal: this cover letter was made by the portal" in mails[0].get_payload()
    assert series_mbox(made) == series_mbox(made)
    assert message_id(made, patches[0]) != message_id(replace(made, name="other"), patches[0])


def read_mbox(folder: Path, data: bytes) -> list:
    file = folder / "read.mbox"
    file.write_bytes(data)
    box = mailbox.mbox(file)
    mails = list(box)
    box.close()
    return mails


def test_a_received_cover_letter_leads_its_thread_and_is_left_out_for_git_am(tree: Path) -> None:
    mails = format_patches(tree, 3, "--cover-letter", "--thread", "-v2")
    patches = [patch for number, mail in enumerate(mails) for patch in make_patch(f"{number}.patch", mail)]
    made = carried(*patches, kind="series")
    wanted = git(tree, "rev-parse", "HEAD^{tree}").decode()
    git(tree, "reset", "--quiet", "--hard", "HEAD~3")
    assert not can_mail(patches[0])
    assert after_am(tree, series_mbox(made)) == wanted
    thread = read_mbox(tree, series_mbox(made, cover=True))
    assert [mail["Subject"].partition("]")[0] for mail in thread] == [f"[PATCH v2 {number}/3" for number in range(4)]
    assert thread[1]["In-Reply-To"] == thread[0]["Message-Id"]


def test_the_tar_is_what_quilt_wants_and_always_the_same(tree: Path, tmp_path: Path) -> None:
    patches = plain_patch("one.patch", CHANGE), plain_patch("old/two.diff", OLD_STYLES["-p0"])
    made = carried(*patches, missing=(Missing(name="gone.patch", purpose="x"),))
    data = series_tar(made)
    assert hashlib.sha256(data).digest() == hashlib.sha256(series_tar(made)).digest()
    with tarfile.open(fileobj=BytesIO(gzip.decompress(data))) as tar:
        assert tar.getnames() == [f"debian-thing-1.0-1/{name}" for name in ("series", "one.patch", "old/two.diff")]
        assert tar.extractfile("debian-thing-1.0-1/series").read() == (
            b"one.patch\nold/two.diff -p0\n# not here: gone.patch\n"
        )
        assert {member.mtime for member in tar} == {1_600_000_000}


def test_no_name_leads_out_of_the_tar() -> None:
    names = ["../../evil.patch", "/abs.patch", "mbox#1", "mbox#2", "a\nb.patch", "-rf.patch", "ü.patch"]
    made = carried(*(replace(plain_patch("x", CHANGE), name=name) for name in names), name="../x")
    with tarfile.open(fileobj=BytesIO(gzip.decompress(series_tar(made)))) as tar:
        found = tar.getnames()
    assert len(set(found)) == len(names) + 1
    assert all(".." not in name.split("/") and not name.startswith("/") and "\n" not in name for name in found)


@pytest.mark.skipif(not shutil.which("quilt"), reason="quilt is not installed here; tests/prepare installs it as root")
def test_quilt_pushes_the_tar(tree: Path) -> None:
    second = OLD_STYLES["-p0"].replace(b"line 2", b"line two").replace(b"+line two", b"+line zwei")
    patches = plain_patch("one.patch", CHANGE), plain_patch("two.diff", second)
    wanted = after_patch(tree, *patches)
    git(tree, "reset", "--quiet", "--hard")
    with tarfile.open(fileobj=BytesIO(gzip.decompress(series_tar(carried(*patches))))) as tar:
        tar.extractall(tree.parent, filter="data")
    push(tree, tree.parent / "debian-thing-1.0-1")
    git(tree, "add", "--all", ":!.pc")
    assert git(tree, "write-tree").decode() == wanted


def test_the_maintainer_stands_in_only_where_nobody_is_named() -> None:
    patch = plain_patch("x.patch", b"From: Someone <some@example.org>\nDescription: x\n\n" + CHANGE)
    assert f"From: {MAINTAINER.name}".encode() not in am_mail(patch, carried(patch))
