"""The sidecar: what a foreign report cannot say, as lines, as YAML or as options; text stays text."""

import pytest

from generator.errors import ParseError
from generator.model.reports import Environment, Imported, Run, Scenario, Step, Subject, Verdict
from generator.parse.sidecar import Sidecar, merged, parse_sidecar, sidecar_of, with_sidecar

LINES = """\
# of the lab
origin = my-lab
kernel = 6.10
kernel_commit = 0123456789ab
arch = amd64
kernel_line = stable-6.10
distribution = "debian-12"
target = nfs
set.failure_action = reboot
subject.makedumpfile = 1.7.0
memory_mb = 2048
command_line = BOOT_IMAGE=/vmlinuz root=UUID=1 crashkernel=256M ip=10.0.0.1
"""
YAML = """\
origin: my-lab
kernel: 6.10
kernel_commit: 0123456789ab
architecture: amd64
kernel_line: stable-6.10
distribution: debian-12
set: {target: nfs, failure_action: reboot}
subjects:
  makedumpfile: 1.7.0
memory_mb: 2048
command_line: BOOT_IMAGE=/vmlinuz root=UUID=1 crashkernel=256M ip=10.0.0.1
"""
SAID = Sidecar(
    origin="my-lab",
    kernel_line="stable-6.10",
    arch="x86_64",
    distribution="debian-12",
    dimensions=(("failure_action", "reboot"), ("target", "nfs")),
    subjects=(
        Subject(role="first kernel", version="6.10", commit="0123456789ab"),
        Subject(role="makedumpfile", version="1.7.0"),
    ),
    memory_mb=2048,
    command_line=(("crashkernel", "256M"),),
)


@pytest.mark.parametrize("text", [LINES, YAML], ids=["lines", "yaml"])
def test_both_forms_say_the_same_and_versions_stay_text(text):
    assert parse_sidecar(text, source="s") == SAID


def test_options_say_it_too_and_stand_above_a_file():
    options = sidecar_of([("kernel", "6.1"), ("set.target", "ssh"), ("kernel-line", "mainline")])
    both = merged(SAID, options)
    assert both.dimensions == (("failure_action", "reboot"), ("target", "ssh"))
    assert both.subjects == (
        Subject(role="first kernel", version="6.1"),
        Subject(role="makedumpfile", version="1.7.0"),
    )
    assert (both.kernel_line, both.origin, both.memory_mb) == ("mainline", "my-lab", 2048)


COMPLAINTS = {
    "kernel = 6\nkernle = 7": (2, "no such key: 'kernle'; there are: origin, kernel, capture_kernel"),
    "kernel: 6\nkernle: 7": (2, "no such key: 'kernle'"),
    "kernel = 6\nkernel = 7": (2, "`kernel` is said twice, first in line 1"),
    "target = nfs\nset.target = ssh": (2, "`set.target` is said twice"),
    "kernel = 6\nhello": (2, "is no `key = value` line"),
    "hello": (1, "must be `key = value` lines or a mapping"),
    "": (1, "is empty"),
    "kernel: [6.1]": (1, "must be text"),
    "set: {a: {b: c}}": (1, "must be text"),
    "kernel: &k 6.1\ntool: *k": (1, "aliases, anchors and tags"),
    "kernel: !!python/name:os.system": (1, "aliases, anchors and tags"),
    "arch = <script>": (1, "`arch` must be as `uname -m` says it"),
    "origin = ../../etc": (1, "`origin` must be lower-case letters"),
    "path = a/../b": (1, "`path` must be words with dots"),
    "started = yesterday": (1, "`started` must be a time with its zone"),
    "memory_mb = much": (1, "`memory_mb` must be a count"),
    "planned = -1": (1, "`planned` must be a count"),
    "kernel_commit = master": (1, "`kernel_commit` must be 7 to 64"),
    "kernel_commit = 0123456": (1, "`kernel_commit` needs `kernel`"),
    "set.<b> = x": (1, "is no `key = value` line"),
    "set.A = x": (1, "'A' is no name for `set.`"),
    "#" * 70_000: (1, "longer than"),
}


@pytest.mark.parametrize("text", COMPLAINTS, ids=range(len(COMPLAINTS)))
def test_a_complaint_names_its_line(text):
    line, problem = COMPLAINTS[text]
    with pytest.raises(ParseError) as caught:
        parse_sidecar(text, source="sidecar")
    assert str(caught.value).startswith(f"sidecar:{line}: ")
    assert problem in str(caught.value)


def run(path="junit.suite", **dimensions):
    step = Step(name="save", verdict=Verdict.PASS)
    return Run(scenario=Scenario(path=path, dimensions=tuple(dimensions.items())), steps=(step,))


def test_a_report_is_what_both_say():
    imported = Imported(
        runs=(run(load="kexec_load"),), tool="pytest", started="2026-11-23T02:15:08Z", notes=("a note",)
    )
    report = with_sidecar(imported, SAID, source_format="junit", source_sha256="0" * 64)
    assert report.origin == "my-lab"
    assert report.subjects == SAID.subjects
    assert report.environment == Environment(
        architecture="x86_64", distribution="debian-12", memory_mb=2048, command_line=(("crashkernel", "256M"),)
    )
    assert report.runs[0].scenario.dimensions == (
        ("failure_action", "reboot"),
        ("load", "kexec_load"),
        ("target", "nfs"),
    )
    assert (report.tool, report.kernel_line, report.source_format) == ("pytest", "stable-6.10", "junit")
    assert report.notes == ("a note",)


def test_where_they_differ_the_sidecar_prevails_and_a_note_says_so():
    imported = Imported(
        runs=(run(),),
        environment=Environment(architecture="s390x", distribution="debian-12"),
        subjects=(Subject(role="first kernel", version="5.10"), Subject(role="crash", version="8")),
    )
    report = with_sidecar(imported, SAID)
    assert report.environment.architecture == "x86_64"
    assert report.subjects[0].version == "6.10"
    assert report.subjects[1] == Subject(role="crash", version="8")
    assert report.notes == ("the file said architecture: s390x", "the file said first kernel: 5.10")


def test_a_path_names_the_only_scenario_and_stands_before_several():
    said = parse_sidecar("path = kdump.nfs\n", source="s")
    assert [run.scenario.path for run in with_sidecar(Imported(runs=(run(),)), said).runs] == ["kdump.nfs"]
    several = with_sidecar(Imported(runs=(run("a"), run("b.c"))), said)
    assert [run.scenario.path for run in several.runs] == ["kdump.nfs.a", "kdump.nfs.b.c"]


def test_what_was_planned_and_did_not_come_is_missing():
    report = with_sidecar(Imported(runs=(run(),)), parse_sidecar("planned = 3", source="s"))
    assert report.verdict is Verdict.MISS


def test_without_a_sidecar_everything_stays():
    imported = Imported(runs=(run("exactly_.this", z="1", a="2"),))
    report = with_sidecar(imported, Sidecar())
    assert report.runs[0].scenario == Scenario(path="exactly_.this", dimensions=(("a", "2"), ("z", "1")))
