"""What must not get into git, which keeps everything: it is replaced by visible marks such as `[redacted: address]`.

That is: IPv4, IPv6 and MAC addresses, host names after known keys, accounts (`user@host`, mail addresses), kernel
command lines but for an allow-list of parameters, tokens, passwords and keys, and the names of home folders.
It is a net for accidents, not a proof: what a submitter must keep secret must not be in the report.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import AddressValueError, IPv6Address

from generator.model.reports import Attachment, Environment, Report, Run, Scenario, Step, Subject

# Kernel parameters that say how a crash is dumped and tell nothing of the machine's owner; from the kernel's
# Documentation/admin-guide/kernel-parameters.txt and kdump.rst, and what distributions append for the capture kernel.
# The schema of our own reports holds the same list; a test compares them.
PARAMETERS = frozenset(
    [
        "acpi_rsdp", "amd_iommu", "cgroup_disable", "crash_kexec_post_notifiers", "crashkernel", "debug",
        "disable_cpu_apicid", "efi", "elfcorehdr", "fadump", "fips", "hpet", "hugepages", "hugepagesz",
        "intel_iommu", "iommu", "iommu.passthrough", "irqpoll", "kexec_load_disabled", "lockdown", "maxcpus",
        "mce", "mem", "memmap", "nmi_watchdog", "nokaslr", "novmcoredd", "nr_cpus", "numa", "oops", "panic",
        "panic_on_warn", "panic_print", "pci", "quiet", "rcupdate.rcu_cpu_stall_suppress", "reset_devices",
        "ro", "rootflags", "rw", "softlockup_panic", "swiotlb", "systemd.unit", "transparent_hugepage",
        "udev.children-max", "unknown_nmi_panic",
    ]
)  # fmt: skip
MOST_ROUNDS = 8  # a mark may bare what stood right behind what it hides: two tokens without a space
COLOUR_RE = re.compile(r"(\x1b\[[0-9;?]{0,32}[A-Za-z])")  # its last letter would hide where an address begins
VALUE_RE = re.compile(r"[A-Za-z0-9_.,:@%+~!*/-]{0,120}")


def command_line(line: str) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return the parameters of a kernel command line that may be kept, in order, and how many may not."""
    words = [word for word in line.split() if word != "--"]
    pairs = [(name, value) for name, _, value in (word.partition("=") for word in words)]
    kept = tuple((name, value) for name, value in pairs if _may_stay(name, value))
    return kept, len(pairs) - len(kept)


def _may_stay(name: str, value: str) -> bool:
    return name in PARAMETERS and bool(VALUE_RE.fullmatch(value)) and not any(rule(value)[1] for rule in ADDRESSES)


def redact(text: str) -> tuple[str, Counter[str]]:
    """Return `text` with marks for what must not be kept, and how often each kind was found. Twice does no more."""
    counts: Counter[str] = Counter()
    for _ in range(MOST_ROUNDS):
        before = text
        text = _apply(text, counts)
        if "\x1b[" in text:
            pieces = COLOUR_RE.split(text)
            text = "".join(piece if place % 2 else _apply(piece, counts) for place, piece in enumerate(pieces))
        if text == before:
            break
    return text, counts


def _apply(text: str, counts: Counter[str]) -> str:
    for rule in RULES:
        text, found = rule(text)
        counts.update(found)
    return text


def redact_report(report: Report) -> Report:
    """Return the report without what must not be kept in any of its texts, and a note that says what was found.

    Versions, scenario paths and names of dimensions stay: they are keys, and look like addresses by chance.
    """
    every = "\n\n".join(_texts(report))
    lines, left_out = _kept_parameters(report.environment)
    if not redact(every)[1] and not left_out:
        return report
    return _Redaction().report(report, lines, left_out)


Rule = Callable[[str], tuple[str, Counter[str]]]


def _rule(
    kind: str, pattern: str, replacement: str | Callable[[re.Match[str]], str], *needs: str, probe: str = ""
) -> Rule:
    """Return what replaces a pattern and counts it.

    Only a text that holds one of `needs`, in any case, and something of the shape `probe` is searched: that is fast.
    """
    expression, shape = re.compile(pattern), re.compile(probe)

    def apply(text: str) -> tuple[str, Counter[str]]:
        folded = text.lower()
        if not any(word in folded for word in needs) or not shape.search(text):
            return text, Counter()
        found: Counter[str] = Counter()

        def put(match: re.Match[str]) -> str:
            new = replacement(match) if callable(replacement) else match.expand(replacement)
            found[kind] += new != match[0]
            return new

        return expression.sub(put, text), +found

    return apply


# 0.0.0.0, 127.0.0.1, :: and ::1 are everyone's.
IPV4_PART = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
IPV4 = rf"(?<![\w.:+~-])(?<!version )(?!0\.0\.0\.0|127\.0\.0\.1\b){IPV4_PART}(?:\.{IPV4_PART}){{3}}(?![\w+~-]|\.\w)"
MAC = r"(?<![\w:-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?!\w|[:-]\w)"
IPV6 = r"(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])"


def _ipv6_mark(match: re.Match[str]) -> str:
    text = match[0]
    colon = ":" if text.endswith(":") and not text.endswith("::") else ""  # `fe80::1: unreachable`
    try:
        address = IPv6Address(text.removesuffix(":") if colon else text)
    except AddressValueError:
        return text
    return text if address.is_loopback or address.is_unspecified else f"[redacted: address]{colon}"


ADDRESSES = (
    _rule(
        "hardware address",
        MAC,
        "[redacted: hardware address]",
        ":",
        "-",
        probe=r"[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]",
    ),
    _rule("address", IPV6, _ipv6_mark, "::"),
    _rule(
        "address",
        r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?!\w|:[\w:])",
        "[redacted: address]",
        ":",
        probe=r":[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:",
    ),
    _rule("address", IPV4, "[redacted: address]", ".", probe=r"\.\d{1,3}\.\d{1,3}\.\d"),
)


def _line_mark(match: re.Match[str]) -> str:
    kept, left_out = command_line(match[2])
    words = [f"{name}={value}" if value else name for name, value in kept]
    if "[redacted: parameters]" in match[2] or not left_out:
        return match[0]
    return match[1] + " ".join([*words, "[redacted: parameters]"])


LINE = r"(?im)^([^\n]{0,200}?(?:\bcommand line|cmdline|\bcommand_line)\"?[ \t]*[:=][ \t]*)([^\n]{1,8192})"
BOOT_IMAGE = r"(?m)^([^\n]{0,200}?)(BOOT_IMAGE=[^\n]{1,8192})"
NAME = r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}"
DOTTED = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
HOST = "[redacted: host]"
SECRET = "[redacted: secret]"
NOT_YET = r"(?!\[redacted: )"
RULES = (
    _rule("command line", LINE, _line_mark, "command line", "cmdline", "command_line"),
    _rule("command line", BOOT_IMAGE, _line_mark, "boot_image="),
    _rule("secret", r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=:,.\s\\]{0,20000}"
          r"(?:-----END [A-Z ]{0,40}-----)?", SECRET, "private key"),
    _rule("secret", r"\b(?:gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{20,255}|xox[abprs]-[\w-]{10,255}"
          r"|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,2000}\.[\w-]{10,4000}\.[\w-]{10,1000})", SECRET,
          "gh", "github_pat_", "glpat-", "xox", "akia", "eyj"),
    _rule("secret", r"\b(ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-\w{4,20}) AAAA[A-Za-z0-9+/=]{20,2000}", rf"\1 {SECRET}",
          "aaaa"),
    _rule("secret", rf"(?i)\b(bearer|basic)[ \t]+{NOT_YET}[A-Za-z0-9+/=._~-]{{16,4096}}", rf"\1 {SECRET}",
          "bearer", "basic"),
    _rule("secret", rf"(\b[a-z][a-z0-9+.-]{{1,15}}://){NOT_YET}[^\s/@:]{{0,128}}:[^\s/@]{{1,256}}@", rf"\1{SECRET}@",
          "://"),
    _rule("secret", r"(?i)\b((?:[\w-]{0,40}[_-])?(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key"
          rf"|private[_-]?key)\"?[ \t]{{0,4}}[=:][ \t]{{0,4}}){NOT_YET}(?:\"[^\"\n]{{1,256}}\"|'[^'\n]{{1,256}}'"
          r"|[^\s\"',;]{1,256})", rf"\1{SECRET}", "passw", "passphrase", "secret", "token", "key"),
    _rule("secret", r"(?<![\w$])\$(?:1|2[aby]|5|6|7|y)\$[./A-Za-z0-9$=,]{16,256}", SECRET, "$"),
    _rule("account", r"(?<![\w.@+-])[A-Za-z0-9][\w.+-]{0,63}@"
          r"(?![\w-]{1,64}\.(?:service|socket|target|timer|mount|slice|device|path|swap)\b)"
          r"[A-Za-z][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,8}", "[redacted: account]", "@"),
    *ADDRESSES,
    _rule("host", rf"(?i)\b((?:host[ _-]?name|nodename|fqdn|primary-address|nfsroot)\"?[ \t]{{0,4}}[=:][ \t]{{0,4}}\"?)"
          rf"(?!localhost\b){NAME}", rf"\1{HOST}", "host", "nodename", "fqdn", "primary-address", "nfsroot"),
    _rule("host", rf"(?i)\b((?:host|server|node|address|nfs|ssh)\"?[ \t]{{0,4}}[=:][ \t]{{0,4}}\"?)"
          rf"(?!localhost\b)(?!\d+\.\d){DOTTED}(?![\w/])", rf"\1{HOST}",
          "host", "server", "node", "address", "nfs", "ssh"),
    _rule("host", rf"(?<![\w./-]){DOTTED}(?=:/)", HOST, ":/"),
    _rule("host", r"(?m)^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )(?!localhost )[A-Za-z0-9][\w.-]{0,252}"
          r"(?= [\w./()-]{1,64}(?:\[\d{1,10}\])?: )", rf"\1{HOST}", ":"),
    _rule("host", r"\b(Linux )(?!version\b|localhost\b)[A-Za-z][\w.-]{0,252}(?= \d{1,2}\.\d{1,3}\S{0,80} #\d)",
          rf"\1{HOST}", "linux"),
    _rule("host", r"(?i)(?<![\w.-])(?!localhost\.)[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,6}"
          r"\.(?:internal|intranet|corp|lan|localdomain)(?![\w-]|\.\w)", HOST,
          ".internal", ".intranet", ".corp", ".lan", ".localdomain"),
    _rule("home", r"(?<![\w.])/(home|Users)/(?!\[redacted: )[^/\s\"':;,)\]]{1,64}", r"/\1/[redacted: user]", "/"),
)  # fmt: skip


def _texts(report: Report) -> Iterable[str]:
    yield from (report.tool, report.reason, *report.notes)
    yield from _environment_texts(report.environment)
    for run in report.runs:
        yield from (value for _, value in run.scenario.dimensions)
        for step in run.steps:
            yield from (step.name, step.reported, step.excerpt, step.host)
            for attachment in step.attachments:
                yield from (attachment.name, attachment.url)


def _environment_texts(environment: Environment) -> tuple[str, ...]:
    return environment.distribution, environment.machine, environment.firmware, environment.secure_boot


def _kept_parameters(environment: Environment) -> tuple[tuple[tuple[str, str], ...], int]:
    kept = tuple((name, value) for name, value in environment.command_line if _may_stay(name, value))
    return kept, len(environment.command_line) - len(kept)


LONGEST_LINE = 1_000  # what the schema lets a line hold: marks may be longer than what they hide
LONGEST_EXCERPT = 16_384


class _Redaction:
    """One walk through a report; it counts what it finds."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def text(self, text: str, longest: int = LONGEST_LINE) -> str:
        clean, found = redact(text)
        self.counts.update(found)
        return clean[:longest] if found else text

    def report(self, report: Report, lines: tuple[tuple[str, str], ...], left_out: int) -> Report:
        texts = (self.text(text) for text in _environment_texts(report.environment))
        named = dict(zip(("distribution", "machine", "firmware", "secure_boot"), texts, strict=True))
        runs = tuple(self.run(run) for run in report.runs)
        clean = replace(
            report,
            tool=self.text(report.tool),
            reason=self.text(report.reason),
            environment=replace(report.environment, command_line=lines, **named),
            runs=runs,
            subjects=tuple(self.subject(subject) for subject in report.subjects),
            notes=tuple(self.text(note) for note in report.notes),
        )
        self.counts.update({"parameter": left_out} if left_out else {})
        return replace(clean, notes=(*clean.notes, note_of(self.counts)))

    def subject(self, subject: Subject) -> Subject:
        return replace(subject, package=self.text(subject.package))

    def run(self, run: Run) -> Run:
        dimensions = tuple((name, self.text(value)) for name, value in run.scenario.dimensions)
        scenario = Scenario(path=run.scenario.path, dimensions=dimensions)
        return replace(run, scenario=scenario, steps=tuple(self.step(step) for step in run.steps))

    def step(self, step: Step) -> Step:
        return replace(
            step,
            name=self.text(step.name),
            reported=self.text(step.reported),
            excerpt=self.text(step.excerpt, LONGEST_EXCERPT),
            host="redacted" if self.text(step.host) != step.host else step.host,  # it is a slug, and marks are none
            attachments=tuple(self.attachment(attachment) for attachment in step.attachments),
        )

    def attachment(self, attachment: Attachment) -> Attachment:
        url = attachment.url if not redact(attachment.url)[1] else ""  # an address with a mark in it leads nowhere
        self.counts.update({"address": 1} if url != attachment.url else {})
        return replace(attachment, name=self.text(attachment.name), url=url)


PLURALS = {"address": "addresses", "hardware address": "hardware addresses", "home": "home folders"}


def note_of(counts: Counter[str]) -> str:
    """Return the note of a report that says what was redacted: `redacted: 2 addresses, 1 host`."""
    words = [f"{count} {kind if count == 1 else PLURALS.get(kind, kind + 's')}" for kind, count in counts.most_common()]
    return f"redacted: {', '.join(words)}"
