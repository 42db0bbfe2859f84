# ruff: noqa: E501  a row for each parser, with its inputs as they are
"""Every parser that eats bytes from outside, with something real to begin from: for property tests and the fuzzer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generator.errors import PortalError
from generator.parse.allowed_signers import parse_allowed_signers
from generator.parse.autopkgtest import parse_autopkgtest
from generator.parse.checksums import parse_checksums
from generator.parse.collection import parse_collection
from generator.parse.context import parse_context_hunks
from generator.parse.dates import parse_mail_date
from generator.parse.deb822 import parse_deb822
from generator.parse.dep3 import parse_dep3
from generator.parse.diff import parse_diff
from generator.parse.guide import parse_guide
from generator.parse.junit import parse_junit
from generator.parse.kcidb import parse_kcidb
from generator.parse.known_issue import parse_known_issue
from generator.parse.ltp import parse_ltp
from generator.parse.mail import parse_mbox, parse_person
from generator.parse.manual import parse_manual
from generator.parse.options import parse_helps, parse_rows
from generator.parse.patch_output import parse_apply_output, parse_patch_output
from generator.parse.raw import parse_raw
from generator.parse.references import parse_glossary, parse_links, parse_parameters
from generator.parse.report import parse_report
from generator.parse.series import parse_series
from generator.parse.sidecar import parse_sidecar
from generator.parse.spec import parse_spec
from generator.parse.strict_json import parse_strict_json
from generator.parse.tap import parse_tap
from generator.parse.text_yaml import parse_text_yaml
from generator.parse.tmt import parse_tmt
from generator.parse.trailers import parse_trailers
from generator.parse.unified import parse_unified
from generator.publish.inventory import load_list

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser as a function of bytes, and a few inputs that it can read."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]

    def try_out(self, data: bytes) -> None:
        """Read. What it refuses it must refuse as a PortalError; everything else is a finding."""
        try:
            found = self.read(data)
            if isinstance(found, Iterator):
                list(found)
        except PortalError:
            pass


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"))


def _files(folder: str, ending: str) -> tuple[bytes, ...]:
    return tuple(file.read_bytes() for file in sorted((CASES / folder).rglob(f"*.{ending}")))[:12]


DIFF = b"""diff --git a/x b/x
index 1111111..2222222 100644
--- a/x
+++ b/x
@@ -1,2 +1,2 @@ int main
-a
+b
 c
\\ No newline at end of file
"""
COMBINED = b"""diff --cc x
index 1,2..3
--- a/x
+++ b/x
@@@ -1,1 -1,1 +1,1 @@@
- a
 -b
++c
"""
CONTEXT = b"""*** 1,2 ****
! a
  b
--- 1,2 ----
! c
  b
"""
JUNIT = b"""<testsuites><testsuite name="s" tests="2" time="1"><testcase classname="a" name="b" time="0.5"/>
<testcase name="c"><failure message="m">text</failure><system-out>o</system-out></testcase></testsuite></testsuites>"""
TAP = b"TAP version 14\n1..2\nok 1 - a # SKIP why\n  ---\n  ms: 1\n  ...\nnot ok 2 - b\nBail out! x\n"
KTAP = b"[    1.0] KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: s\n    1..1\n    ok 1 t\nok 1 s\n"
KCIDB = b'{"version":{"major":4,"minor":3},"builds":[{"id":"o:1","origin":"o"}],"tests":[{"id":"o:2","build_id":"o:1","origin":"o","path":"kdump.ext4","status":"PASS"}]}'
LTP = b'{"results":[{"test_fqn":"a","status":"pass","test":{"retval":["0"],"duration":1.5,"log":"x","passed":1}}],"environment":{"kernel":"6.1"}}'
TMT = b"- name: /a\n  result: pass\n  duration: 00:00:01\n  check: []\n- name: /b\n  result: fail\n"
REPORT = b'{"schema":"kdump-report/1","origin":"lab","environment":{"architecture":"x86_64"},"runs":[{"scenario":{"path":"kdump.ext4"},"steps":[{"name":"load","verdict":"pass"}]}]}'
QUILT = b"a.patch -p1\n# comment\nb/c.patch\n"
SPEC = b"Name: kexec-tools\nVersion: 2.0\nPatch1: a.patch\n%patch 1 -p1\n%if 0\n%endif\n"
YAML = b"title: a\nkind: series\napplies_to:\n  package: x\n  version: 1.10\nmissing:\n  - name: a\n    purpose: b\n    usage: c\n"
GUIDE = b"```{ .console .run #a .first }\n# true\n```\n\n```{ .text .expect }\nexit 1\n^x$\n```\n"
SOURCE = {"source": "input"}

PARSERS = {
    "allowed_signers": Parser(_text(partial(parse_allowed_signers, **SOURCE)), (b"o namespaces=\"git\" ssh-ed25519 AAAA\n",)),
    "apply_output": Parser(_text(parse_apply_output), (b"Checking patch x...\nHunk #1 succeeded at 2 (offset 1 line).\n",)),
    "autopkgtest": Parser(_text(partial(parse_autopkgtest, **SOURCE)), (b"crash  PASS\nother  FAIL non-zero exit status 1\n",)),
    "checksums": Parser(_text(partial(parse_checksums, **SOURCE)), (b"0" * 64 + b"  a.tar.gz\n",)),
    "collection": Parser(_text(partial(parse_collection, name="x", **SOURCE)), (YAML,)),
    "context": Parser(partial(parse_context_hunks, **SOURCE), (CONTEXT,)),
    "date": Parser(_text(parse_mail_date), (b"Thu, 26 Nov 2026 12:00:00 +0100",)),
    "deb822": Parser(_text(partial(parse_deb822, **SOURCE)), (b"Package: x\nFiles:\n abc 12 x.dsc\n\nPackage: y\n",)),
    "dep3": Parser(parse_dep3, (b"Description: x\n y\nOrigin: upstream, http://x\nBug: #1\n---\n" + DIFF,)),
    "diff": Parser(partial(parse_diff, **SOURCE), (DIFF, COMBINED, *_files("diff", "diff"))),
    "glossary": Parser(_text(partial(parse_glossary, **SOURCE)), (b"terms:\n- term: a\n  meaning: b\n",)),
    "guide": Parser(_text(partial(parse_guide, name="g", **SOURCE)), (GUIDE,)),
    "helps": Parser(_text(partial(parse_helps, path="x.c")), (b'printf(" -x, --long=ARG  Help\\n"\n" --other more\\n");\n',)),
    "junit": Parser(partial(parse_junit, **SOURCE), (JUNIT,)),
    "kcidb": Parser(_text(partial(parse_kcidb, **SOURCE)), (KCIDB,)),
    "known_issue": Parser(_text(partial(parse_known_issue, name="x", **SOURCE)), (b"title: a\npath: kdump.ext4\nowner: o\nadded: 2026-01-01\nexpires: 2027-01-01\n",)),
    "links": Parser(_text(partial(parse_links, **SOURCE)), (b"links:\n  http://x:\n    state: ok\n    checked: 2026-01-01\n",)),
    "ltp": Parser(_text(partial(parse_ltp, **SOURCE)), (LTP,)),
    "manual": Parser(_text(parse_manual), (b".TH X 8\n.SH NAME\nx\n.TP\n.BI \\-\\-a= B\nText \\fBbold\\fR.\n",)),
    "mbox": Parser(partial(parse_mbox, **SOURCE), _files("mail", "eml")),
    "parameters": Parser(_text(partial(parse_parameters, **SOURCE)), (b"sources:\n  s: http://x\ngroups:\n  g:\n    title: t\n    items:\n    - name: a\n      meaning: b\n      source: s\n",)),
    "patch_output": Parser(_text(parse_patch_output), (b"patching file x\nHunk #1 FAILED at 3.\nHunk #2 succeeded at 9 with fuzz 1.\n",)),
    "person": Parser(_text(parse_person), (b'"A, B" <a@b> (c)',)),
    "published": Parser(partial(load_list, **SOURCE), (b'{"index.html":"0"}',)),
    "raw": Parser(partial(parse_raw, **SOURCE), (b":100644 100644 111 222 M\tx\n:100644 100644 1 2 R100\ta\t\"b\\303\\244\"\n\n",)),
    "report": Parser(_text(partial(parse_report, **SOURCE)), (REPORT,)),
    "rows": Parser(_text(partial(parse_rows, path="x.c")), (b'\t{ "long", 1, NULL, OPT_X },\n{ "a", required_argument, 0, \'a\' },\n',)),
    "series": Parser(_text(partial(parse_series, **SOURCE)), (QUILT,)),
    "sidecar": Parser(_text(partial(parse_sidecar, **SOURCE)), (b"kernel = 6.1\narch = x86_64\ntarget = nfs\n",)),
    "spec": Parser(_text(partial(parse_spec, **SOURCE)), (SPEC,)),
    "strict_json": Parser(_text(partial(parse_strict_json, **SOURCE)), (b'{"a":[1,2.5e3,{"b":null}],"c":"\\u00e4"}',)),
    "tap": Parser(partial(parse_tap, **SOURCE), (TAP, KTAP)),
    "text_yaml": Parser(_text(partial(parse_text_yaml, **SOURCE)), (YAML,)),
    "tmt": Parser(_text(partial(parse_tmt, **SOURCE)), (TMT,)),
    "trailers": Parser(_text(parse_trailers), (b"x\n\nSigned-off-by: a <b>\nFixes: 123 (\"x\")\n",)),
    "unified": Parser(partial(parse_unified, **SOURCE), (b"--- a/x\n+++ b/x\n" + DIFF.partition(b"+++ b/x\n")[2], *_files("unified", "patch"))),
}  # fmt: skip
