"""What stands above a diff: DEP-3 fields, dpatch's comments, free text."""

import pytest

from generator.model.commits import Person, Stamp, Trailer
from generator.parse.dep3 import parse_dep3

DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
DEP3 = """\
Description: kdump: wait for the disk
 The capture kernel is faster than the disk.
 .
  indented: kept
Origin: upstream, https://example.org/c/0123
Bug-Debian: https://bugs.example.org/1
Author: Ann Author <ann@example.org>
Forwarded: not-needed
Last-Update: 2024-01-02

Free text behind the fields.

Reviewed-by: Bob <bob@example.org>
---
This: is not read.
"""


def read(text):
    return parse_dep3((text + DIFF).encode("utf-8", "surrogateescape"))


def test_dep3_fields_are_read_with_their_paragraphs():
    preface = read(DEP3)
    assert preface.headers == (
        ("Description", "kdump: wait for the disk\nThe capture kernel is faster than the disk.\n\n indented: kept"),
        ("Origin", "upstream, https://example.org/c/0123"),
        ("Bug-Debian", "https://bugs.example.org/1"),
        ("Author", "Ann Author <ann@example.org>"),
        ("Forwarded", "not-needed"),
        ("Last-Update", "2024-01-02"),
        ("Reviewed-by", "Bob <bob@example.org>"),
    )
    assert (preface.subject, preface.author) == ("kdump: wait for the disk", Person("Ann Author", "ann@example.org"))
    assert preface.message == (
        "The capture kernel is faster than the disk.\n\n indented: kept\n\nFree text behind the fields."
    )
    assert preface.end == len(DEP3)


@pytest.mark.parametrize(
    ("text", "subject", "message"),
    [
        ("", "", ""),
        ("\n\n", "", ""),
        ("Fix the build.\n\nIt broke in 2.0.\n", "Fix the build.", "It broke in 2.0."),
        ("Note: this is prose\nand goes on.\n", "Note: this is prose", "and goes on."),
        ("# a comment\n# and more\n", "a comment", "and more"),
        ("Subject: one\n  two\nFrom: A <a@example.org>\n", "one", " two"),
        ("Description:\n First line below.\n", "First line below.", ""),
    ],
)
def test_free_text_is_subject_and_message(text, subject, message):
    preface = read(text)
    assert (preface.subject, preface.message) == (subject, message)


def test_dpatch_headers_are_read():
    preface = read(
        "#! /bin/sh /usr/share/dpatch/dpatch-run\n## 10_ppc64.dpatch by Ann <ann@example.org>\n##\n"
        "## All lines beginning with `## DP:' are a description of the patch.\n## DP: Build on ppc64\n\n@DPATCH@\n"
    )
    assert (preface.subject, preface.author) == ("Build on ppc64", Person("Ann", "ann@example.org"))


def test_a_mail_without_from_still_gives_date_and_trailers():
    preface = read(
        "Description: x\nDate: Tue, 14 Nov 2023 22:13:20 +0100\n\nText.\n\n"
        "Fixes: 0123456789ab\nSigned-off-by: Ann <a@b>\n"
    )
    assert preface.authored == Stamp(1699996400, "+0100")
    assert preface.trailers == (Trailer("Fixes", "0123456789ab"), Trailer("Signed-off-by", "Ann <a@b>"))


@pytest.mark.parametrize("text", ["\udcff\udcfe\n", " : \n", "a:" * 100_000 + "\n", "A: b\n" * 100_000, "\n" * 300_000])
def test_hostile_text_is_only_text(text):
    preface = read(text)
    assert preface.end == len(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "start", ["diff -u x y\n", "Index: x\n", "*** x\n--- y\n", "RCS file: x\n", "====================\n"]
)
def test_the_text_ends_where_a_diff_of_any_form_begins(start):
    assert parse_dep3(f"Text.\n{start}".encode()).end == 6
