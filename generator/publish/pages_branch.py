"""Publishing as a branch of a git repository, as GitHub Pages and GitLab Pages take it.

The branch's commits hold whole sites; git sends only what differs. Each publish is one commit, and a roll-back is one
more with the tree of the one before: nothing is rewritten, and who looks sees one commit or the next.
"""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from generator.errors import PortalError
from generator.output.manifest import MANIFEST
from generator.publish.folder import Published
from generator.publish.inventory import LIST, take_inventory
from generator.render.escape import decode
from generator.sources.branch import Branch, Signature, until_done
from generator.sources.git import Mirror
from generator.sources.remotes import Remote

MARKER = ".nojekyll"  # tells GitHub Pages to serve files as they are
EXCLUDED = (MANIFEST, LIST)


def publish_branch(
    site: Path, remote: Remote, branch: str, *, patience_s: float, progress: Callable[[str], None]
) -> Published:
    """Commit a site to a branch and push it; nothing is pushed when nothing changed. Raises SourceError."""
    count = len(take_inventory(site))
    with tempfile.TemporaryDirectory() as folder:
        there = Branch(Mirror(Path(folder)), remote, branch, Signature())
        there.prepare()
        return until_done(
            remote, partial(_attempt, there, site, count, progress), patience_s=patience_s, progress=progress
        )


def _attempt(there: Branch, site: Path, count: int, progress: Callable[[str], None], tries: int) -> Published:
    there.look()
    old = there.blobs()
    tree = _tree_of(there, site)
    new = there.files_of(tree)
    sent = sum(1 for path, blob in new.items() if old.get(path) != blob)
    removed = sum(1 for path in old if path not in new)
    if not sent and not removed and there.base:
        return Published(name=there.base[:16], sent=0, kept=count, removed=0)
    progress(f"{sent} files to send, {removed} to remove")
    commit = there.commit_tree(tree, f"publish: {count} files")
    there.push(commit)
    return Published(name=commit[:16], sent=sent, kept=len(new) - sent, removed=removed)


def _tree_of(there: Branch, site: Path) -> str:
    """Return the name of a tree of the site's files, made by git itself; no attribute or filter applies."""
    ours = there.ours
    ours.run("read-tree", "--empty")
    lines = "".join(f":(exclude,top,literal){name}\0" for name in EXCLUDED)
    command = ["--work-tree", str(site), "-c", "core.autocrlf=false", "-c", "core.attributesFile=", "add", "--all"]
    ours.run(*command, "--force", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=f".\0{lines}".encode())
    empty = decode(ours.run("hash-object", "-w", "--stdin", stdin=b"").strip())
    ours.run("update-index", "--add", "--cacheinfo", f"100644,{empty},{MARKER}")
    return decode(ours.run("write-tree").strip())


def roll_back_branch(remote: Remote, branch: str, *, patience_s: float, progress: Callable[[str], None]) -> str:
    """Commit the site before the current one again; return the commit's name. Raises PortalError when there is none."""
    with tempfile.TemporaryDirectory() as folder:
        there = Branch(Mirror(Path(folder)), remote, branch, Signature())
        there.prepare()

        def attempt(tries: int) -> str:
            there.look(depth=2)
            tree = there.tree_before()
            if not tree:
                raise PortalError(f"{branch}: has no site before the current one")
            commit = there.commit_tree(tree, "publish: back to the site before")
            there.push(commit)
            return commit[:16]

        return until_done(remote, attempt, patience_s=patience_s, progress=progress)
