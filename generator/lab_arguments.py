"""The arguments of `kdump-portal lab`, and the table that comes of a run."""

import argparse
import logging
from pathlib import Path

from generator.config import Options
from generator.lab.architectures import ARCHITECTURES
from generator.lab.jobs import Wish
from generator.lab.scenarios import BUILDERS
from generator.lab_command import listing, listing_json, rows_json, run_lab, table
from generator.plugin import read_config

DESCRIPTION = """\
Crashes real kernels in QEMU, lets kdump-capture save the dump, and looks at what came of it from outside.

  kdump-portal lab list                                   what can be tried, where, and what cannot be, with the reason
  kdump-portal lab run --arch amd64 --scenario ext4       one crash, about a minute
  kdump-portal lab run --arch arm64                       everything on one architecture
  kdump-portal lab run                                    everything; hours where there is no KVM

Kernels and programs come from Debian's archive by apt into a folder of the cache; nothing is installed on this machine
and no kernel version is written down anywhere. Every run becomes a report, kdump-report/1, failures included.
"""
EXAMPLES = """\
What stays of a run is in the cache, lab/runs/SCENARIO-ARCHITECTURE/: the serial console, the configuration, and with
--keep the disks and the dumps too.

exit status: 0 all passed, or was skipped with its reason; 1 something failed, or could not be run; 2 wrong usage.
"""


def add_lab_commands(
    lab: argparse.ArgumentParser, common: argparse.ArgumentParser, machine: argparse.ArgumentParser
) -> None:
    """Give the parser of `lab` its actions."""
    lab.description, lab.epilog = DESCRIPTION, EXAMPLES
    lab.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = lab.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser("list", parents=[common, machine], help="say what can be tried")
    show.set_defaults(run=_list)
    run = actions.add_parser("run", parents=[common, machine], help="crash machines and report")
    names = ", ".join(known.name for known in ARCHITECTURES)
    run.add_argument("-a", "--arch", metavar="NAME", action="append", default=[], help=f"only these: {names}")
    run.add_argument("-s", "--scenario", metavar="NAME", action="append", default=[], help="only these of `lab list`")
    run.add_argument(
        "-b",
        "--builder",
        action="append",
        default=[],
        choices=(*BUILDERS, "kdump-tools"),
        help="only its",
    )
    run.add_argument("-o", "--output", metavar="FOLDER", type=Path, help="for reports (default: content/reports)")
    run.add_argument("--cache", metavar="FOLDER", type=Path, help="for packages and runs (default: .cache/lab)")
    run.add_argument("--keep", action="store_true", help="keep disks and dumps of each run")
    run.set_defaults(run=_run)


def _list(options: argparse.Namespace) -> int:
    config, _ = read_config(config_file=options.config_file, options=Options(sources={}))
    guides = config.content_folder / "howto"
    print(listing_json(guides) if options.json else listing(guides))
    return 0


def _run(options: argparse.Namespace) -> int:
    config, _ = read_config(config_file=options.config_file, options=Options(sources={}))
    wish = Wish(
        architectures=tuple(options.arch),
        scenarios=tuple(options.scenario),
        builders=tuple(options.builder),
        guides=config.content_folder / "howto",
        output=options.output or config.content_folder / "reports",
        cache=options.cache or config.cache_folder / "lab",
        keep=options.keep,
    )
    rows = list(run_lab(wish, logging.getLogger(__name__).info))
    print(rows_json(rows) if options.json else table(rows))
    return 0 if all(row.verdict in ("pass", "skip") for row in rows) else 1
