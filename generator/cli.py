"""The command `kdump-portal`: arguments, what is said while it works, and the only error boundary."""

import argparse
import errno
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from generator import __version__
from generator.build_command import build_and_tell
from generator.build_command import summary as build_summary
from generator.config import Config, Options
from generator.content import load_content
from generator.errors import PortalError, SourceError
from generator.lab_arguments import add_lab_commands
from generator.link_command import check_links
from generator.model.histories import GitSource
from generator.output.check import check_site
from generator.output.lock import Lock
from generator.patch_command import add_patch, check_patches, describe, describe_all, summary
from generator.plugin import read_config, serve_site
from generator.publish_arguments import add_publish_commands
from generator.report_arguments import add_report_commands
from generator.report_command import pull_reports
from generator.sources.patches import load_collections
from generator.sync import sync_patches, sync_releases, sync_source

DESCRIPTION = """\
Builds the kdump portal: a static site of documentation, history, verified patches and releases.

  kdump-portal sync     mirrors the git sources and released tarballs of mkdocs.yml
  kdump-portal build    builds the site from the mirrors and content/
  kdump-portal serve    shows it on this machine and follows changes of content/
  kdump-portal check    looks at a built site: links, ids, checksums
  kdump-portal patch    adds a patch to a collection of patches/, checks them, says what there is
  kdump-portal report   takes test results in, sends them to a branch, brings those of others here

`build` needs no network: it reads anew only what lies on this machine, and shows the last good mirror of the rest.
"""
SOURCE_HELP = (
    "use this address or folder for a source instead of those in mkdocs.yml; may be given several times. "
    "The environment variable KDUMP_PORTAL_SOURCE_NAME does the same."
)
EXAMPLES = """\
examples:
  kdump-portal sync
  kdump-portal build --strict
  kdump-portal build --source kexec-tools=../kexec-tools
  kdump-portal build --json | jq .stages_s

exit status: 0 done; 1 an input or the site is wrong (one line each says what, and what to do); 2 wrong usage.
"""
CHECK_DESCRIPTION = """\
Looks at a built site: every internal link leads somewhere, ids are unique, checksums are right. Without SITE also at
content/: every page has title, description and owner, no guide failed in its latest report.

  kdump-portal check --links    asks for the external links of the hand-written pages as well: each host slowly, HEAD
                                before GET, nothing twice within --max-age days. Results go to content/data/links.yml;
                                pages show a dead link as dead. No answer is not dead: it is called unreachable.
"""
PATCH_DESCRIPTION = """\
Works on the collections in patches/ beside mkdocs.yml: a folder each, with collection.yml and the files as received.

  kdump-portal patch add FIX.patch --collection NAME   stores the bytes as they are and says what they are
  kdump-portal patch check                             reads every collection and says what is wrong, file:line first
  kdump-portal patch status --json                     lists every patch as JSON
"""
PATCH_EXAMPLES = """\
A file may be a mail of git format-patch, an mbox, a unified or context diff with or without DEP-3 headers, or a git
bundle; packed as .gz or .xz too. `add` never overwrites; a patch whose paths leave its tree is refused.

exit status: 0 done, or all is well; 1 something is wrong (one line each says what, and what to do); 2 wrong usage.
"""


# What a user can mend: a full or read-only disk, a limit, a folder of somebody else.
MENDABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.WARNING if options.quiet else logging.INFO, format="%(message)s", stream=sys.stderr
    )
    for chatty in ("git", "urllib3", "MARKDOWN"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        return options.run(options)
    except PortalError as problem:
        print(f"kdump-portal: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, which makes nothing wrong of what was done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        if problem.errno not in MENDABLE:
            raise
        print(f"kdump-portal: {problem.filename or 'the site'}: {problem.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("kdump-portal: interrupted; what was done is kept, the site is the one that was there", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("kdump-portal", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=form)
    parser.add_argument("--version", action="version", version=f"kdump-portal {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-f", "--config-file", metavar="FILE", help="mkdocs.yml to use (default: the one here)")
    common.add_argument("-q", "--quiet", action="store_true", help="say only what is wrong")
    sources = argparse.ArgumentParser(add_help=False)
    sources.add_argument("--source", metavar="NAME=ADDRESS", action="append", default=[], type=_pair, help=SOURCE_HELP)
    sources.add_argument("--require-sources", action="store_true", help="a source that is not available is an error")
    machine = argparse.ArgumentParser(add_help=False)
    machine.add_argument("--json", action="store_true", help="print what was done as JSON on standard output")

    sync = commands.add_parser("sync", parents=[common, sources, machine], help="mirror the sources")
    sync.add_argument("names", metavar="SOURCE", nargs="*", help="only these (default: all)")
    sync.set_defaults(run=_sync)
    build = commands.add_parser("build", parents=[common, sources, machine], help="build the site")
    build.add_argument(
        "-s", "--strict", action="store_true", default=None, help="as MkDocs has it: warnings are errors"
    )
    build.add_argument("-d", "--site-dir", metavar="FOLDER", help="where the site goes (default: `site_dir`, site/)")
    build.add_argument("--report", metavar="FILE", type=Path, help="write a page of what was done; not into the site")
    build.set_defaults(run=_build)
    serve = commands.add_parser("serve", parents=[common], help="show the site here and follow changes")
    serve.add_argument("-a", "--dev-addr", metavar="HOST:PORT", help="where to listen (default: 127.0.0.1:8000)")
    serve.set_defaults(run=_serve)
    looks = {"help": "look at a built site", "description": CHECK_DESCRIPTION, "formatter_class": form}
    check = commands.add_parser("check", parents=[common, machine], **looks)
    check.add_argument("--links", action="store_true", help="ask for the external links too; needs the network")
    age = "with --links: what was asked for since is not (default: 7)"
    check.add_argument("--max-age", metavar="DAYS", type=int, default=7, help=age)
    check.add_argument("site", nargs="?", type=Path, help="its folder (default: `site_dir` of mkdocs.yml)")
    check.set_defaults(run=_check)
    patch = commands.add_parser(
        "patch", help="patch collections", description=PATCH_DESCRIPTION, epilog=PATCH_EXAMPLES, formatter_class=form
    )
    _patch_commands(patch, common, machine)
    add_report_commands(commands.add_parser("report", help="test reports"), common, machine)
    add_publish_commands(commands, common, machine)
    add_lab_commands(commands.add_parser("lab", help="crash real kernels, and report"), common, machine)
    return parser


def _patch_commands(
    patch: argparse.ArgumentParser, common: argparse.ArgumentParser, machine: argparse.ArgumentParser
) -> None:
    commands = patch.add_subparsers(metavar="ACTION", required=True)
    add = commands.add_parser("add", parents=[common, machine], help="put a patch into a collection, as received")
    add.add_argument("patch", metavar="FILE|URL", help="a file, or an http(s) address to fetch it from")
    add.add_argument("-c", "--collection", metavar="NAME", required=True, help="the collection's folder in patches/")
    add.set_defaults(run=_patch_add)
    check = commands.add_parser("check", parents=[common, machine], help="read all collections and say what is wrong")
    check.set_defaults(run=_patch_check)
    status = commands.add_parser("status", parents=[common, machine], help="list every patch, and those missing")
    status.set_defaults(run=_patch_status)


def _pair(text: str) -> tuple[str, str]:
    name, mark, address = text.partition("=")
    if not (name and mark and address):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=ADDRESS")
    return name, address


def _options(options: argparse.Namespace) -> Options:
    return Options(sources=dict(options.source), require_sources=options.require_sources)


def _sync(options: argparse.Namespace) -> int:
    config, _ = read_config(config_file=options.config_file, options=_options(options))
    chosen = [source for source in config.sources if not options.names or source.name in options.names]
    unknown = set(options.names) - {source.name for source in config.sources}
    if unknown:
        raise PortalError(
            f"{sorted(unknown)[0]}: no such source; mkdocs.yml has: {', '.join(s.name for s in config.sources)}"
        )
    lock = Lock(config.cache_folder)
    lock.take(logging.info)
    try:
        results = [_sync_one(config, source) for source in chosen]
        if not options.names:
            results += [_sync_patches(config), _sync_reports(config)]
    finally:
        lock.release()
    if options.json:
        print(json.dumps(results, indent=1))
    failed = any(result["problem"] for result in results)
    return 1 if failed and options.require_sources else 0


def _sync_one(config: Config, source: GitSource) -> dict[str, object]:
    """Bring one source here and say what came of it. What is not reached is no failure: the last good state stays."""
    try:
        state = sync_source(config, source, logging.info)
    except SourceError as problem:
        logging.warning("%s: not reached: %s", source.name, problem)
        return {"name": source.name, "problem": str(problem)}
    logging.info("%s: up to date, branch %s", source.name, state.branch)
    problems = sync_releases(config, source, logging.info)
    for problem in problems:
        logging.warning("%s: %s", source.name, problem)
    return {"name": source.name, "branch": state.branch, "problem": "; ".join(problems)}


def _sync_patches(config: Config) -> dict[str, object]:
    problems = sync_patches(config, logging.info)
    for problem in problems:
        logging.warning("patches: %s", problem)
    return {"name": "patches", "problem": "; ".join(problems)}


def _sync_reports(config: Config) -> dict[str, object]:
    problems = [problem for pulled in pull_reports(config) for problem in (pulled.failure, *pulled.problems) if problem]
    for problem in problems:
        logging.warning("reports: %s", problem)
    return {"name": "reports", "problem": "; ".join(problems)}


def _build(options: argparse.Namespace) -> int:
    start = time.monotonic()
    report = build_and_tell(
        config_file=options.config_file,
        site_dir=options.site_dir,
        strict=options.strict,
        options=_options(options),
        page=options.report,
    )
    if options.json:
        print(json.dumps(asdict(report), indent=1))
    elif not options.quiet:
        print(build_summary(report, time.monotonic() - start))
    return 0


def _serve(options: argparse.Namespace) -> int:
    serve_site(config_file=options.config_file, address=options.dev_addr)
    return 0


def _check(options: argparse.Namespace) -> int:
    site, checked = options.site, None
    problems: list[str] = []
    if site is None or options.links:
        config, built = read_config(config_file=options.config_file, options=Options(sources={}))
        site = site or built
        content = load_content(config, logging.info)
        problems += content.problems()
        checked = (
            check_links(config, content, site, max_age_days=options.max_age, say=logging.info)
            if options.links
            else None
        )
    result = check_site(site, logging.info)
    problems += [*(checked.problems if checked else ()), *result.problems]
    if options.json:
        told = {"files": result.files, "links": result.links, "problems": problems}
        print(json.dumps(told | ({"external": checked.rows} if checked else {}), indent=1))
    else:
        print("".join(f"{line}\n" for line in (*(checked.notes if checked else ()), *problems)), end="")
        print(f"{checked.summary}\n" if checked else "", end="")
        print(f"{result.files:,} files, {result.links:,} links: {len(problems)} problems")
    return 1 if problems else 0


def _patch_folders(options: argparse.Namespace) -> tuple[Path, Path]:
    """Return the folder of the collections, and the one of the files that `sync` brought."""
    config, _ = read_config(config_file=options.config_file, options=Options(sources={}))
    return config.patches.folder, config.missing_patches_folder


def _patch_add(options: argparse.Namespace) -> int:
    folder, _ = _patch_folders(options)
    patches = add_patch(folder, options.collection, options.patch, logging.debug)
    if options.json:
        print(json.dumps([describe(patch) for patch in patches], indent=1))
    elif not options.quiet:
        print("\n".join(summary(patch) for patch in patches))
    return 0


def _patch_check(options: argparse.Namespace) -> int:
    checked = check_patches(*_patch_folders(options))
    if options.json:
        print(json.dumps(asdict(checked), indent=1))
    else:
        for line in (*checked.problems, *(() if options.quiet else checked.notes)):
            print(line)
        print(f"{checked.patches:,} patches in {checked.collections:,} collections: {len(checked.problems)} problems")
    return 1 if checked.problems else 0


def _patch_status(options: argparse.Namespace) -> int:
    rows = describe_all(load_collections(*_patch_folders(options)))
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        for row in rows:
            print(f"{row['collection']}/{row['patch']}: {row['form']}, {row['problem'] or 'can be read'}")
    return 0
