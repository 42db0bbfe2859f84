"""What is foreseen of mails, case by case; the tests of the work on commits compare it with `git am`."""

import pytest
from world import ODD_AUTHORS, ODD_DATES

from generator.relate.mailing import mail_losses, starts_mail

DIFF = b"diff --git a/x b/x\n"
ANN = b"Ann Author <ann@example.org> 1700000000 +0100"


def commit(message: bytes = b"subject\n", author: bytes = ANN, headers: bytes = b"") -> bytes:
    return b"tree %s\nauthor %s\ncommitter %s\n%s\n%s" % (b"1" * 40, author, ANN, headers, message)


def losses(message: bytes = b"subject\n", author: bytes = ANN, diff: bytes = DIFF, headers: bytes = b"") -> list[str]:
    return list(mail_losses(commit(message, author, headers), diff))


@pytest.mark.parametrize(
    "message",
    [b"subject\n", b"subject\n\nbody\n", b"a: b [c]\n\nbody\n\nSigned-off-by: A <a@example.org>\n", b"",
     "Grüße\n\nÄ\n".encode(), b"s\n\nbody\n-------\nFrom here on\n\n  indented\n"],
)  # fmt: skip
def test_a_tidy_commit_loses_nothing(message: bytes) -> None:
    assert losses(message) == []


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (b"s\n\n---\nx\n", "takes for its end"),
        (b"s\n\ndiff -u a b\n", "takes for a patch"),
        (b"s\n\n---\n--- a\n", "takes for a patch"),
        (b"s\n\nFrom x Mon Sep 17 00:00:00 2001\n", "mboxrd"),
        (b"s\n\nFrom: Else <e@example.org>\n", "header line"),
        (b"s\n\nDate: x\n", "--ignore-date"),
        (b"[a] s\n", "--keep-non-patch"),
        (b"[PATCH] s\n", "beginning of the subject"),
        (b"[a] Re: s\n", "beginning of the subject"),
        (b"Re: s\n", "beginning of the subject"),
        (b"s \n", "white space"),
        (b"s\n\n\n\nx\n", "white space"),
        (b"s\nt\n", "white space"),
        (b"s", "white space"),
        (b"\xff\n", "not valid UTF-8"),
        (b"s\0t\n", "NUL"),
    ],
)
def test_what_a_message_loses_is_said(message: bytes, word: str) -> None:
    assert any(word in note for note in losses(message)), losses(message)


@pytest.mark.parametrize(
    "name", ["short", "quotes", "umlaut", "comma", "comment", "address as name", "backslash", "sixty", "encoded"]
)
def test_an_odd_author_that_a_mail_carries_loses_nothing(name: str) -> None:
    assert losses(author=ODD_AUTHORS[name] + b" 1700000000 +0100") == []


@pytest.mark.parametrize("name", ["long", "no name", "final dot", "spaces", "at in name", "parentheses", "latin"])
def test_an_author_that_a_mail_does_not_carry_is_said(name: str) -> None:
    assert len(losses(author=ODD_AUTHORS[name] + b" 1700000000 +0100")) == 1


@pytest.mark.parametrize("name", ["2100", "3000", "before 1970", "zone out", "zone long", "nonsense", "zone missing"])
def test_a_date_that_a_mail_does_not_carry_is_said(name: str) -> None:
    assert len(losses(author=b"Ann Author <a@example.org> " + ODD_DATES[name].encode())) == 1


def test_the_files_say_what_they_need() -> None:
    assert losses(diff=b"+x\r\n") == ["Lines end in CR LF: use git am --keep-cr."]
    assert losses(diff=b"") == ["The commit changes no file: use git am --empty=keep."]
    assert list(mail_losses(commit(), DIFF, [b"a/.git/config"])) == list(mail_losses(commit(), DIFF, [b"../x"])) != []
    assert list(mail_losses(commit(), DIFF, [b".gitignore", b"a/...", b"a..b"])) == []


def test_text_in_another_encoding_is_said_and_read_as_git_reads_it() -> None:
    notes = losses("Grüße\n".encode("latin-1"), headers=b"encoding ISO-8859-1\n")
    assert notes == ["The commit is written in ISO-8859-1; git am records the same text in UTF-8."]


@pytest.mark.parametrize("line", [b"From x Mon Sep 17 00:00:00 2001", b"From a@b Sat Jan  3 01:05:34 1996 +0100"])
def test_a_line_that_starts_a_mail_is_seen(line: bytes) -> None:
    assert starts_mail(commit(b"s\n\n" + line + b"\n"))


@pytest.mark.parametrize(
    "line", [b"From here on", b">From x Mon Sep 17 00:00:00 2001", b" From x Mon Sep 17 00:00:00 2001"]
)
def test_prose_starts_no_mail(line: bytes) -> None:
    assert not starts_mail(commit(b"s\n\n" + line + b"\n"))
