"""Mails are read as `git mailinfo` reads them; where we differ on purpose a test says so."""

import json
import subprocess
from pathlib import Path

import pytest
from world import environment, git

from generator.errors import ParseError
from generator.parse.mail import is_mbox, parse_mail, parse_mbox

CASES = Path(__file__).parents[1] / "cases" / "mail"
NAMES = sorted(case.name for case in CASES.iterdir())
DIFF = "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"


def make(body="", **headers):
    fields = {"From": "Ann <ann@example.org>", "Subject": "[PATCH] s", "Date": "Tue, 14 Nov 2023 22:13:20 +0000"}
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in (fields | headers).items())
    return f"{head}\n{body}".encode("utf-8", "surrogateescape")


def read(body="", **headers):
    return parse_mail(make(body, **headers), source="a.eml")


def mailinfo(data, folder):
    """Return what git says: its fields, the tidied message, the patch."""
    command = ["git", "mailinfo", "message", "patch"]
    done = subprocess.run(command, cwd=folder, env=environment(folder), input=data, capture_output=True, check=True)
    fields = dict(recorded(line).split(": ", 1) for line in done.stdout.split(b"\n") if b": " in line)
    message = git(folder, "stripspace", stdin=(folder / "message").read_bytes())
    return fields, message, (folder / "patch").read_bytes()


def recorded(text):
    """Return bytes as `git am` records them: what is not UTF-8 it takes for Latin-1."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def trailers_of_git(message, folder):
    """Return the lines that `git interpret-trailers` prints."""
    text = b"subject\n\n" + message + b"\n"
    return git(folder, "interpret-trailers", "--parse", stdin=text).decode().splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_read_as_expected(name):
    mail = parse_mail((CASES / name / "input.eml").read_bytes(), source="input.eml")
    said = {
        "subject": mail.subject,
        "author": mail.author and [mail.author.name, mail.author.email],
        "authored": mail.authored and [mail.authored.seconds, mail.authored.zone],
        "message": mail.message.split("\n"),
        "trailers": [[trailer.key, trailer.value] for trailer in mail.trailers],
        "message_id": mail.message_id,
        "series": [mail.version, mail.number, mail.total],
        "patch": mail.patch.decode("latin-1").split("\n"),
        "patch_line": mail.patch_line,
    }
    assert said == json.loads((CASES / name / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
def test_a_mail_is_read_as_git_mailinfo_reads_it(name, tmp_path):
    data = (CASES / name / "input.eml").read_bytes()
    mail = parse_mail(data, source="input.eml")
    fields, message, patch = mailinfo(data, tmp_path)
    assert (mail.author.name, mail.author.email, mail.subject) == tuple(
        fields.get(name, "") for name in ("Author", "Email", "Subject")
    )
    assert mail.message == recorded(message)
    assert mail.patch.rstrip() == patch.rstrip()
    assert [f"{trailer.key}: {trailer.value}" for trailer in mail.trailers] == trailers_of_git(message, tmp_path)


def test_an_mbox_of_format_patch_holds_what_git_am_records(tmp_path, hostile):
    data = git(hostile.folder, "format-patch", "--stdout", "--root", "--full-index", "--pretty=mboxrd", "main") + b"\n"
    mails = parse_mbox(data, source="all.mbox")
    (tmp_path / "mails").mkdir()
    count = git(tmp_path, "mailsplit", "--mboxrd", "-omails", stdin=data)
    assert len(mails) == int(count)
    for number, mail in enumerate(mails, 1):
        fields, message, patch = mailinfo((tmp_path / "mails" / f"{number:04}").read_bytes(), tmp_path)
        assert recorded(mail.subject.encode("utf-8", "surrogateescape")) == fields.get("Subject", "")
        assert recorded(mail.message.encode("utf-8", "surrogateescape")) == recorded(message)
        assert mail.patch.replace(b"\r\n", b"\n") == patch.replace(b"\r\n", b"\n")


def test_a_line_from_is_unquoted_and_a_sentence_is_no_beginning():
    mail = "From 0123 Mon Sep 17 00:00:00 2001\n" + make(">From here\n>>From there\nFrom now on\n" + DIFF).decode()
    one, two = parse_mbox((mail + "\n" + mail).encode(), source="two.mbox")
    assert one.message == two.message == "From here\n>From there\nFrom now on"
    assert (one.line, two.line) == (2, mail.count("\n") + 3)


def test_the_lines_of_a_patch_are_those_of_the_file():
    mail = "From 0123 Mon Sep 17 00:00:00 2001\n" + make("message\n" + DIFF).decode()
    two = parse_mbox((mail + "\n" + mail).encode(), source="two.mbox")[1]
    assert (mail + "\n" + mail).split("\n")[two.patch_line] == "---"
    assert two.patch_line > mail.count("\n")


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (b"From 0123 Mon Sep 17 00:00:00 2001\n", True),
        (b"From ann@example.org Tue Nov 14 22:13:20 2023 +0100\n", True),
        (b"From ann@example.org  Tue Nov 14 2:13:20 99\n", True),
        (b"From ann@example.org  Tue Nov 14 22:13:20 80\n", False),
        (b"From here to there it is 12:30 o'clock\n", False),
        (b"From: ann@example.org\n", False),
    ],
)
def test_the_beginning_of_an_mbox_is_what_git_takes_for_one(line, is_one, tmp_path):
    assert is_mbox(line + make("x")) is is_one
    (tmp_path / "mails").mkdir()
    both = b"From 0123 Mon Sep 17 00:00:00 2001\n" + make("x\n") + line + make("y\n")
    assert git(tmp_path, "mailsplit", "-b", "-omails", stdin=both) == (b"2" if is_one else b"1")
    assert len(parse_mbox(both, source="x")) == 1 + is_one


def test_a_mail_with_cr_lf_throughout_is_read_as_without():
    plain, returned = make("message\n" + DIFF), make("message\n" + DIFF).replace(b"\n", b"\r\n")
    one, other = parse_mail(plain, source="a"), parse_mail(returned, source="a")
    assert (one.subject, one.message, one.patch) == (other.subject, other.message, other.patch)
    assert other.data == returned


@pytest.mark.parametrize(
    ("subject", "series"),
    [
        ("[PATCH v2 3/7] x", (2, 3, 7)),
        ("[RFC PATCHv3 01/12] x", (3, 1, 12)),
        ("[v4,2/3] x", (4, 2, 3)),
        ("[PATCH 0/9] x", (1, 0, 9)),
        ("[kexec-tools-1.101 v2.0] [PATCH] x 1/2", (1, 0, 0)),
        ("[PATCH 2006/07/27] x", (1, 0, 0)),
    ],
)
def test_version_and_number_of_a_series_are_read_from_the_brackets(subject, series):
    mail = read(Subject=subject)
    assert (mail.version, mail.number, mail.total) == series


def test_a_part_of_a_mail_that_a_line_from_cut_off_is_read_as_text(tmp_path):
    mail = parse_mail(b"more of the message\n" + DIFF.encode(), source="a.eml")
    assert (mail.author, mail.subject, mail.message) == (None, "", "more of the message")


def test_broken_base64_is_an_error_of_the_mail():
    with pytest.raises(ParseError, match=r"^a\.eml:1: the body is not in the encoding that it names"):
        read("A", Content_Transfer_Encoding="base64")


@pytest.mark.parametrize("charset", ["utf-7", "rot13", "zlib", "idna", "no\x00such", "utf-16", "unicode_escape"])
def test_a_charset_cannot_do_harm(charset):
    mail = read("+2AA- ünï\\ud800\n", Content_Type=f'text/plain; charset="{charset}"')
    mail.message.encode("utf-8", "surrogateescape")


HUGE = 1 << 20


@pytest.mark.parametrize(
    "data",
    [
        make("x", Subject="[" * HUGE),
        make("x", Subject="=?utf-8?q?" * (HUGE // 10)),
        make("x", From="a" * HUGE),
        make("x", From="<" * HUGE),
        make("x", Content_Type="multipart/mixed; " + "name=" * (HUGE // 5)),
        make("x", Content_Type='multipart/mixed; boundary="' + "\\" * HUGE),
        make("--b\n" * (HUGE // 4), Content_Type="multipart/mixed; boundary=b"),
        make("--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 20_000, Content_Type="multipart/mixed; boundary=b"),
        make("From: x\n" * (HUGE // 8)),
        make("a: b\n" * (HUGE // 5)),
        b"A: b\n" * (HUGE // 5),
        b"From: a\n" + b" \n" * (HUGE // 2) + b"\n",
        b"From " * (HUGE // 5) + b"0:00:00 2001\n",
    ],
    ids=range(13),
)
def test_a_hostile_mail_takes_no_more_time_than_its_size_is_worth(data):
    for mail in parse_mbox(data, source="hostile"):
        assert len(mail.subject) <= len(data)
