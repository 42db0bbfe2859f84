"""Evidence: the part of a log that a report keeps, as text that a terminal and XML can hold.

The limit is KCIDB's for `log_excerpt`.
"""

import re

LONGEST = 16_384  # characters
CUT = "\n[… {} characters left out …]\n"
HEAD = 4_096

# ECMA-48: CSI sequences, OSC strings up to BEL or ST, and other escapes of two characters.
ESCAPE_RE = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -Z\\^-~])")
CONTROL_RE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def excerpt(log: str) -> str:
    """Return a log without escape sequences and control characters; of a long one, its beginning and its end.

    The end is where a test says why it failed, the beginning what it was. Carriage returns end lines.
    """
    if not log:
        return ""
    whole = log if len(log) <= 4 * LONGEST else log[:HEAD] + log[-2 * LONGEST :]
    text = ESCAPE_RE.sub("", whole).replace("\r\n", "\n").replace("\r", "\n")
    text = CONTROL_RE.sub("\ufffd", text).strip("\n")
    if len(text) <= LONGEST and whole is log:
        return text
    room = LONGEST - HEAD - len(CUT) - 20
    cut = CUT.format(len(log) - HEAD - room)
    return text[:HEAD] + cut + text[-room:]
