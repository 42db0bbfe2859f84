"""The arguments of `kdump-portal publish` and `headers`, and what is said of what came of it."""

import argparse
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from generator.config import Options
from generator.errors import PortalError
from generator.output.lock import Lock
from generator.plugin import read_config
from generator.publish.bucket import publish_bucket
from generator.publish.folder import Published, publish_folder, roll_back
from generator.publish.headers import SERVERS, server_config
from generator.publish.inventory import take_inventory
from generator.publish.pack import pack_site
from generator.publish.pages_branch import publish_branch, roll_back_branch
from generator.publish.remote import publish_ssh, roll_back_ssh
from generator.publish.sign import sign_sums
from generator.sources.remotes import find_remote

DESCRIPTION = """\
Brings the built site to where people see it. Only what changed is sent, what is gone is removed last, and running the
same command again goes on where an interrupted one ended.

  kdump-portal publish /srv/portal                      a folder; let the web server serve /srv/portal/current
  kdump-portal publish ssh://www@host/srv/portal        the same on another machine, by rsync
  kdump-portal publish --branch pages https://example.org/portal.git     a branch for GitHub or GitLab Pages
  kdump-portal publish s3://bucket/prefix [--endpoint https://storage.example.org]
  kdump-portal publish /srv/portal --rollback           the site before the current one again

A folder, here or over ssh, and a branch change in one step: a reader sees the old site or the new one.
A bucket cannot: there pages come after what they need, and the list of the site tells where an interrupted one was.
"""
EXAMPLES = """\
A token for a branch is taken from KDUMP_PORTAL_TOKEN, credentials of a bucket as boto3 does it; neither is shown.
`kdump-portal headers nginx` prints what the server should say with each file.

exit status: 0 done; 1 it could not be done (the old site is still there); 2 wrong usage.
"""
PATIENCE_S = 600
log = logging.getLogger(__name__)


def add_publish_commands(
    commands: argparse._SubParsersAction, common: argparse.ArgumentParser, machine: argparse.ArgumentParser
) -> None:
    """Give the command `publish` and `headers`."""
    form = argparse.RawDescriptionHelpFormatter
    publish = commands.add_parser(
        "publish",
        parents=[common, machine],
        help="bring the site to where people see it",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=form,
    )
    publish.add_argument("target", metavar="TARGET", help="a folder, ssh://…, s3://…, or with --branch a git address")
    publish.add_argument("--site", metavar="FOLDER", type=Path, help="what to publish (default: `site_dir`)")
    publish.add_argument("--branch", metavar="NAME", help="publish as this branch of the repository TARGET")
    publish.add_argument("--keep", metavar="N", type=int, default=5, help="sites that stay in a folder (default: 5)")
    publish.add_argument("--rollback", action="store_true", help="make the site before the current one current again")
    publish.add_argument("--pack", action="store_true", help="put X.gz and X.br beside texts")
    publish.add_argument("--sign", metavar="gpg:KEY|minisign:FILE", help="sign every SHA256SUMS with a key of yours")
    publish.add_argument("--endpoint", metavar="URL", default="", help="address of an S3 storage that is not Amazon's")
    publish.set_defaults(run=_publish)
    headers = commands.add_parser("headers", parents=[common], help="print what a web server should say with each file")
    headers.add_argument("server", choices=SERVERS)
    headers.add_argument("--pack", action="store_true", help="the site was published with --pack")
    headers.set_defaults(run=_headers)


def _headers(options: argparse.Namespace) -> int:
    print(server_config(options.server, options.pack), end="")
    return 0


def _publish(options: argparse.Namespace) -> int:
    if options.rollback:
        name = _roll_back(options)
        print(json.dumps({"name": name}) if options.json else f"{options.target}: back to {name}")
        return 0
    config, site_dir = read_config(config_file=options.config_file, options=Options(sources={}))
    site = options.site or site_dir
    lock = Lock(config.cache_folder)
    lock.take(log.info)  # a build must not exchange the site under us
    try:
        with _finished(site.resolve(), config.cache_folder, options) as whole:
            published = _send(whole, options)
    finally:
        lock.release()
    if options.json:
        print(json.dumps(asdict(published)))
    else:
        size = f" ({published.sent_bytes / 1e6:.1f} MB)" if published.sent_bytes else ""
        print(
            f"{published.sent} files sent{size}, {published.kept} kept, {published.removed} removed: {published.name}"
        )
    return 0


@contextmanager
def _finished(site: Path, cache: Path, options: argparse.Namespace) -> Iterator[Path]:
    """Yield the site, or a copy of links in which signatures and packed files lie beside what they belong to."""
    if not options.pack and not options.sign:
        yield site
        return
    inventory = take_inventory(site)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="publish-") as folder:
        whole = Path(folder) / "site"
        for path in inventory:
            goal = whole / path
            goal.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(site / path, goal)
            except OSError:  # the cache is on another file system
                shutil.copyfile(site / path, goal)
        if options.sign:
            log.info("%s lists of sums signed", sign_sums(whole, inventory, options.sign, cache / "signatures"))
        if options.pack:
            count = pack_site(whole, inventory, cache / "packed", log.info)
            log.info("%s files packed, the others were before", count)
        yield whole


def _send(site: Path, options: argparse.Namespace) -> Published:
    target = options.target
    if options.branch:
        remote = find_remote(target, folder=Path.cwd())
        return publish_branch(site, remote, options.branch, patience_s=PATIENCE_S, progress=log.info)
    if target.startswith("ssh://"):
        return publish_ssh(site, target, keep=options.keep, progress=log.info)
    if target.startswith("s3://"):
        return publish_bucket(site, target, endpoint=options.endpoint, progress=log.info)
    if "://" in target:
        raise PortalError(f"{target}: a target is a folder, ssh://…, s3://…, or with --branch a git address")
    return publish_folder(site, Path(target), keep=options.keep, progress=log.info)


def _roll_back(options: argparse.Namespace) -> str:
    if options.branch:
        remote = find_remote(options.target, folder=Path.cwd())
        return roll_back_branch(remote, options.branch, patience_s=PATIENCE_S, progress=log.info)
    if options.target.startswith("ssh://"):
        return roll_back_ssh(options.target)
    if options.target.startswith("s3://"):
        raise PortalError("a bucket keeps no site before the current one: publish the older site again")
    return roll_back(Path(options.target))
