"""collection.yml: text stays text, and every complaint names its line and what there is."""

import pytest

from generator.errors import ParseError
from generator.model.patches import Collection, Missing, Target
from generator.parse.collection import parse_collection

LEAST = "title: T\nkind: series\napplies_to: {package: kexec-tools, version: 2.10}\n"
FULL = """\
title: Fixes
kind: historical
description: >
  One line
  and another.
applies_to:
  source: kexec-tools
  package: kexec-tools
  version: 1.10
  tag: v1.10
distribution: Debian 12
origin: https://example.org/x
licence: GPL-2.0-only
order: series
status: yes
successor: capture/
missing:
  - name: a.patch
    purpose: on
    usage: patch -p1 < a.patch
    address: http://example.org/a.patch
    sha256: 0000000000000000000000000000000000000000000000000000000000000000
"""


def read(text):
    return parse_collection(text, source="patches/x/collection.yml", name="x")


def test_everything_is_read_and_every_scalar_is_text():
    sheet = read(FULL)
    assert sheet.order == "series"
    assert sheet.collection == Collection(
        name="x",
        title="Fixes",
        kind="historical",
        description="One line and another.",
        target=Target(source="kexec-tools", tag="v1.10", package="kexec-tools", version="1.10"),
        distribution="Debian 12",
        origin="https://example.org/x",
        licence="GPL-2.0-only",
        status="yes",
        successor="capture/",
        missing=(
            Missing(
                name="a.patch",
                purpose="on",
                usage="patch -p1 < a.patch",
                address="http://example.org/a.patch",
                sha256="0" * 64,
            ),
        ),
    )


def test_the_least_is_title_kind_and_target():
    sheet = read(LEAST)
    assert (sheet.collection.target.version, sheet.order, sheet.collection.missing) == ("2.10", "", ())


COMPLAINTS = {
    "": (1, "is empty"),
    "- a\n": (1, "must be a mapping"),
    "title: [\n": (2, "is no YAML"),
    "\x00": (1, "is no YAML"),
    LEAST + "titel: x\n": (4, "no such key: `titel`; there are: title, kind, description"),
    LEAST + "title: other\n": (4, "`title` is said twice, first in line 1"),
    LEAST.replace("series", "serie"): (2, "`kind` must be one of: series, distribution, historical"),
    LEAST.replace("title: T\n", ""): (1, "`title` is missing"),
    LEAST.replace(", version: 2.10", ""): (3, "`version` is missing"),
    LEAST.replace("package", "paket"): (3, "no such key: `paket`"),
    LEAST + "order: date\n": (4, "`order` must be one of"),
    LEAST + "origin: javascript:alert(1)\n": (4, "`origin` must be an address"),
    LEAST + "origin: https://user@example.org/\n": (4, "`origin` must be an address"),
    LEAST + "successor: javascript:alert(1)\n": (4, "`successor` must be a path"),
    LEAST + "successor: //evil.example\n": (4, "`successor` must be a path"),
    LEAST + "successor: ../../x\n": (4, "`successor` must be a path"),
    LEAST + "missing: x\n": (4, "must be a list"),
    LEAST + "missing: [{name: a}]\n": (4, "`purpose` is missing"),
    LEAST + "missing:\n  - name: a\n    purpose: b\n    sha256: abc\n": (7, "`sha256` must be 64"),
    LEAST + "missing:\n  - name: a\n    purpose: b\n    address: file:///etc\n": (7, "`address` must be an address"),
    LEAST + "status: {a: b}\n": (4, "must be text"),
    LEAST + "status: &a x\nlicence: *a\n": (5, "an alias"),
    LEAST + "status: " + "[" * 100 + "]" * 100 + "\n": (4, "nested too deep"),
    LEAST + "? [a]\n: b\n": (4, "a key must be a word"),
    "#" * 200_000: (1, "is longer than"),
}


@pytest.mark.parametrize("text", COMPLAINTS, ids=range(len(COMPLAINTS)))
def test_a_complaint_names_its_line(text):
    line, problem = COMPLAINTS[text]
    with pytest.raises(ParseError) as caught:
        read(text)
    assert str(caught.value).startswith(f"patches/x/collection.yml:{line}: ")
    assert problem in str(caught.value)


def test_a_tag_makes_no_object():
    assert read(LEAST + "status: !!python/object/apply:os.system [x]\n".replace("[x]", "x")).collection.status == "x"
