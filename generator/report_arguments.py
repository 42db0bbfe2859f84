"""The arguments of `kdump-portal report`, and what is said of what came of it."""

import argparse
import json
import logging
import re
import sys
from dataclasses import asdict
from pathlib import Path

from generator.config import Config, Options
from generator.model.commits import Person
from generator.parse.report_formats import FORMATS
from generator.parse.sidecar import Sidecar
from generator.plugin import read_config
from generator.render.junit import junit_xml
from generator.render.kcidb import kcidb_json
from generator.report_command import describe, files_to_push, prune_reports, pull_reports, summary
from generator.report_import import Choice, add_files, import_file, make_choice
from generator.sources.branch import OURSELVES, Signature
from generator.sources.remotes import TOKEN, USER, find_remote
from generator.sources.report_push import push_reports

DESCRIPTION = f"""\
Takes results of any test tool in, keeps them as immutable reports, and sends them to where the portal is built.

  kdump-portal report inspect junit.xml --origin my-lab --kernel 6.12.5     shows what would be stored
  kdump-portal report add junit.xml --origin my-lab --kernel 6.12.5 --arch x86_64 --set target=nfs
  kdump-portal report push --remote https://example.org/portal.git --branch reports
  kdump-portal report pull                                                  brings the sources of mkdocs.yml here

A report is one JSON file, <origin>/<sha256>.json: what was tested, on what, step by step. It is named by its content,
so adding or pushing it twice changes nothing, and nothing is ever overwritten.
`push` takes a token from the variable {TOKEN} (and a user's name from {USER}),
or from the address. git gets it in its environment, and it is shown nowhere.
"""
EXAMPLES = """\
What a format cannot say (the kernel, the architecture, the target) is said by options, or by a sidecar: a file of
`key = value` lines. `--set NAME=VALUE` gives any key of it; a name that is none becomes a dimension of the scenario.

exit status: 0 done; 1 something is refused (one line each says what, and what to do); 2 wrong usage.
"""
PATIENCE_S = 600


def add_report_commands(
    report: argparse.ArgumentParser, common: argparse.ArgumentParser, machine: argparse.ArgumentParser
) -> None:
    """Give the parser of `report` its actions."""
    report.description, report.epilog = DESCRIPTION, EXAMPLES
    report.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = report.add_subparsers(metavar="ACTION", required=True)
    reading, keeping = _reading(), _keeping()
    add = actions.add_parser("add", parents=[common, machine, reading, keeping], help="take results in")
    add.add_argument("files", metavar="FILE", nargs="+", type=Path, help="what the test tool wrote")
    add.set_defaults(run=_add)
    inspect = actions.add_parser("inspect", parents=[common, machine, reading], help="show what would be stored")
    inspect.add_argument("file", metavar="FILE", type=Path, help="what the test tool wrote")
    inspect.set_defaults(run=_inspect)
    push = actions.add_parser("push", parents=[common, machine, keeping], help="send reports to a branch elsewhere")
    _push_arguments(push)
    pull = actions.add_parser("pull", parents=[common, machine], help="bring the reports of mkdocs.yml's sources here")
    pull.add_argument("names", metavar="SOURCE", nargs="*", help="only these (default: all)")
    pull.set_defaults(run=_pull)
    prune = actions.add_parser("prune", parents=[common, machine], help="drop old reports that nothing rests on")
    _prune_arguments(prune)
    export = actions.add_parser("export", parents=[common], help="write a report in another format")
    export.add_argument("file", metavar="FILE", type=Path, help="a report, or whatever `add` reads")
    export.add_argument("--origin", metavar="NAME", help="who submits, for a file that does not say it")
    export.add_argument("--format", choices=sorted(EXPORTERS), required=True, help="what to write, on standard output")
    export.set_defaults(run=_export)


def _reading() -> argparse.ArgumentParser:
    """Return the options that say how a file is read, and what it does not say itself."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("what the file is and does not say")
    group.add_argument("--format", choices=("auto", *FORMATS), default="auto", help="default: told by its beginning")
    group.add_argument("--origin", metavar="NAME", help="who submits: lower-case letters, digits, `.`, `_` and `-`")
    group.add_argument("--kernel", metavar="V", help="the version of the kernel that crashed, as text: 6.10 is not 6.1")
    group.add_argument("--arch", metavar="A", help="the architecture, as `uname -m` says it")
    group.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], type=_pair, dest="said",
        help="a dimension of the scenario (target=nfs), or any key of a sidecar (subject.makedumpfile=1.7.6)",
    )  # fmt: skip
    group.add_argument("--sidecar", metavar="FILE", type=Path, help="a file of such lines; options prevail")
    return parser


def _keeping() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--folder", type=Path,
        help="where reports are kept (default: `reports.folder` of mkdocs.yml, content/reports); needs no mkdocs.yml",
    )  # fmt: skip
    return parser


def _push_arguments(push: argparse.ArgumentParser) -> None:
    push.add_argument("files", metavar="FILE", nargs="*", type=Path, help="reports (default: all of the folder)")
    push.add_argument(
        "--remote", metavar="URL", required=True,
        help="where to: an address, a folder, or the name of a remote of the clone here, such as origin",
    )  # fmt: skip
    push.add_argument("--branch", default="reports", help="default: reports; it is begun when it is not there")
    push.add_argument(
        "--origin", metavar="NAME", action="append", default=[], dest="origins",
        help="refuse reports of any other origin; give it wherever files come from jobs that you do not trust",
    )  # fmt: skip
    push.add_argument("--author", metavar="'NAME <EMAIL>'", type=_person, default=OURSELVES, help="of the commit")
    push.add_argument("--committer", metavar="'NAME <EMAIL>'", type=_person, help="default: the author")
    push.add_argument("--sign", metavar="KEY", type=Path, help="sign the commit with this SSH key (a file)")
    push.add_argument(
        "--patience", metavar="SECONDS", type=int, default=PATIENCE_S,
        help="how long to go on while others push at the same time (default: %(default)s)",
    )  # fmt: skip
    push.set_defaults(run=_push)


def _prune_arguments(prune: argparse.ArgumentParser) -> None:
    prune.description = (
        "Drops reports of our own folder. The last good, the first bad and the latest report of every open regression, "
        "the newest of every line, and what takes another back always stay."
    )
    prune.add_argument("-n", "--dry-run", action="store_true", help="only show what would go")
    prune.add_argument("--older-than", metavar="DAYS", type=int, default=365, help="default: %(default)s")
    prune.add_argument("--larger-than", metavar="KIB", type=int, help="drop younger ones too, when they are this big")
    prune.add_argument("--move-to", metavar="FOLDER", type=Path, help="move them there instead of removing them")
    prune.set_defaults(run=_prune)


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not (name and mark):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _person(text: str) -> Person:
    match = re.fullmatch(r"\s*([^<>\n]*[^<>\s])\s*<([^<>\s]+)>\s*", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not 'NAME <EMAIL>'")
    return Person(match[1], match[2])


def _config(options: argparse.Namespace) -> Config:
    return read_config(config_file=options.config_file, options=Options(sources={}))[0]


def _folder(options: argparse.Namespace) -> Path:
    return options.folder or _config(options).reports.folder


def _choice(options: argparse.Namespace) -> Choice:
    named = [(name, value) for name in ("origin", "kernel", "arch") if (value := getattr(options, name))]
    return make_choice(options.format, options.sidecar, (*named, *options.said))


def _add(options: argparse.Namespace) -> int:
    added = add_files(_folder(options), options.files, _choice(options))
    if options.json:
        rows = [{"file": str(one.file), "new": one.is_new, **describe(one.report)} for one in added]
        print(json.dumps(rows, indent=1))
    elif not options.quiet:
        for one in added:
            print(f"{one.file}: {'stored' if one.is_new else 'is there already'}: {summary(one.report)}")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    report = import_file(options.file, _choice(options))
    said = describe(report)
    if options.json:
        print(json.dumps(said, indent=1))
        return 0
    print(f"{said['origin']}/{said['id']}.json: {summary(report)}")
    for run, row in zip(report.runs, said["runs"], strict=True):
        print(f"  {row['path']}: {run.verdict}, {len(run.steps)} steps")
    for note in report.notes:
        print(f"  note: {note}")
    return 0


def _push(options: argparse.Namespace) -> int:
    remote = find_remote(options.remote, folder=Path.cwd())
    folder = _folder(options) if not options.files else Path()
    files = files_to_push(folder, options.files, options.origins)
    key = str(options.sign.resolve()) if options.sign else ""
    who = Signature(author=options.author, committer=options.committer or options.author, key=key)
    pushed = push_reports(
        remote, options.branch, files, signature=who, patience_s=options.patience, progress=logging.info
    )
    if options.json:
        print(json.dumps(asdict(pushed), indent=1))
    elif not options.quiet:
        print(f"{remote.address} {options.branch}: {len(pushed.new):,} new, {len(pushed.known):,} there already")
    return 0


def _pull(options: argparse.Namespace) -> int:
    results = pull_reports(_config(options), options.names)
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=1))
    for result in results:
        for line in (*result.problems, *filter(None, [result.failure])):
            logging.warning("%s", line)
        if not (options.json or options.quiet or result.failure):
            print(f"{result.name}: {result.new:,} new, {result.known:,} there already, {result.removed:,} gone")
    return 1 if any(result.failure for result in results) else 0


def _prune(options: argparse.Namespace) -> int:
    pruned = prune_reports(
        _config(options),
        older_than_days=options.older_than,
        larger_than_kib=options.larger_than,
        move_to=options.move_to,
        dry_run=options.dry_run,
        say=logging.info,
    )
    if options.json:
        print(json.dumps(asdict(pruned), indent=1))
        return 0
    for path, why in () if options.quiet else pruned.dropped:
        print(f"{path}: {why}")
    for path, why in () if options.quiet else pruned.kept:
        print(f"{path}: stays: {why}")
    verb = "would go" if options.dry_run else "moved" if options.move_to else "dropped"
    print(f"{len(pruned.dropped):,} reports {verb}, {pruned.size_bytes:,} bytes; {len(pruned.kept):,} must stay")
    return 0


def _export(options: argparse.Namespace) -> int:
    report = import_file(options.file, Choice(sidecar=Sidecar(origin=options.origin or "")))
    sys.stdout.buffer.write(EXPORTERS[options.format](report))
    return 0


EXPORTERS = {"junit": junit_xml, "kcidb": lambda report: kcidb_json([report])}
