"""Tell by its first bytes which format of test results a file has."""

import re

LOOKED_AT_BYTES = 1 << 16  # a console log may run long before its first test
FORMATS = ("kdump-report", "junit", "tap", "ktap", "kcidb", "ltp", "tmt", "autopkgtest")
KDUMP_RE = re.compile(r'"schema"\s*:\s*"kdump-report/')
KCIDB_RE = re.compile(
    r'"version"\s*:\s*\{[^{}]*"major"|"(?:checkouts|revisions|builds|tests)"\s*:\s*\[\s*\{[^{}]*"origin"'
)
LTP_RE = re.compile(r'"(?:results|stats|environment|test_fqn)"\s*:')
TMT_JSON_RE = re.compile(r'\s*\[\s*\{[^}]*"(?:name|result)"\s*:')
PREFIX = r"(?:<\d+>)?(?:\[[ \d.]+\](?:\[[^\]\n]*\])? ?)?(?:# )?[ \t]*"  # of the kernel's log
KTAP_RE = re.compile(rf"^{PREFIX}KTAP version \d|^(?:<\d+>)?\[[ \d.]+\]\s*(?:not )?ok \d", re.MULTILINE)
TAP_RE = re.compile(rf"^{PREFIX}(?:TAP version \d|1\.\.\d|(?:not )?ok\b)", re.MULTILINE)
TMT_RE = re.compile(r"^-\s+[a-z_][a-z_-]*\s*:", re.MULTILINE)
AUTOPKGTEST_RE = re.compile(r"^\S+ +(?:PASS|FAIL|SKIP|FLAKY)\b", re.MULTILINE)


def guess_format(data: bytes) -> str:
    """Return one of FORMATS, "" when nothing is recognized. Nothing is parsed: a wrong guess ends as an error."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "junit"  # UTF-16, which of these formats only XML may be in
    text = data[:LOOKED_AT_BYTES].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<") and not re.match(r"<\d+>", text):
        return "junit"
    if text.startswith("{"):
        return next((name for name, pattern in JSON if pattern.search(text)), "")
    if TMT_JSON_RE.match(text):
        return "tmt"
    return next((name for name, pattern in TEXT if pattern.search(text)), "")


JSON = (("kdump-report", KDUMP_RE), ("kcidb", KCIDB_RE), ("ltp", LTP_RE))
TEXT = (("ktap", KTAP_RE), ("tap", TAP_RE), ("tmt", TMT_RE), ("autopkgtest", AUTOPKGTEST_RE))
