"""How to try again what a report tried: the steps, with commands only where we know them by heart.

Nothing that came with a report stands in a command to paste, but parameters of a form that no shell reads twice.
"""

import re
from functools import lru_cache

from generator.model.reports import Environment, Report, Scenario, Verdict
from generator.relate.report_keys import kernel_version
from generator.render.escape import esc
from generator.render.reports import calm, name_html, scenario_text, short_html

LOADS = {
    "kexec_load": "kexec --load-panic --kexec-syscall KERNEL --initrd=INITRD --reuse-cmdline",
    "kexec_file_load": "kexec --load-panic --kexec-file-syscall KERNEL --initrd=INITRD --reuse-cmdline",
}
TRIGGERS = {
    "sysrq-c": "echo c > /proc/sysrq-trigger",
    "panic": "echo c > /proc/sysrq-trigger",
}
BAD = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.MISS})
PARAMETER_RE = re.compile(r"[A-Za-z0-9_.-]{1,40}(?:=[A-Za-z0-9_.,:@+-]{1,120})?")
MOST = 2  # scenarios that are gone through, those that went wrong first


def reproduce(report: Report) -> str:
    """Return how to reproduce the worst of a report, "" when it has no run."""
    if not report.runs:
        return ""
    ordered = sorted(report.runs, key=lambda run: -run.verdict.severity)
    bad = [run for run in ordered if run.verdict in BAD]
    scenarios = tuple(dict.fromkeys(run.scenario for run in bad or ordered[:1]))[:MOST]
    return _instructions(kernel_version(report), report.environment, scenarios)


@lru_cache(maxsize=1 << 11)
def _instructions(version: str, environment: Environment, scenarios: tuple[Scenario, ...]) -> str:
    boot = _boot(version, environment)
    parts = []
    for scenario in scenarios:
        title = f"<p>{name_html(scenario_text(scenario))}</p>\n" if len(scenarios) > 1 else ""
        said = dict(scenario.dimensions)
        steps = [boot, _load(said), _target(said), _trigger(said)]
        parts.append(f"{title}<ol>{''.join(f'<li>{step}</li>' for step in steps if step)}</ol>\n")
    return f'<h2 id="reproduce">How to reproduce</h2>\n{"".join(parts)}'


def _boot(version: str, environment: Environment) -> str:
    kernel = f" {short_html(version)}" if version else ""
    pairs = [f"{name}={value}" if value else name for name, value in environment.command_line]
    safe = " ".join(pair for pair in pairs if PARAMETER_RE.fullmatch(pair))
    with_it = f" with <code>{esc(safe)}</code> on its command line" if safe else ""
    where = " ".join(calm(part) for part in (environment.distribution, environment.architecture) if part)
    on_it = f" on {esc(where)}" if where else ""
    return f"Boot the kernel{kernel}{on_it}{with_it}."


def _load(said: dict[str, str]) -> str:
    load = said.get("load", "")
    if load in LOADS:
        return f"Load the capture kernel: <code>{LOADS[load]}</code>"
    return f"Load the capture kernel by {esc(load)}." if load else "Load the capture kernel."


def _target(said: dict[str, str]) -> str:
    target = said.get("target", "")
    return f"Set the dump target: {esc(target)}." if target else ""


def _trigger(said: dict[str, str]) -> str:
    trigger = said.get("trigger", "")
    if trigger in TRIGGERS:
        return f"Crash it, on a machine that may crash: <code>{TRIGGERS[trigger]}</code>"
    return f"Crash it by {esc(trigger)}, on a machine that may crash." if trigger else ""
