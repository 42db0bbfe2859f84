"""Series applied by the tools people apply them with: git am, patch and quilt."""

import gzip
import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from world import environment, git

from generator.model.patches import Collection
from generator.render.mails import am_mail, series_mbox, series_tar


def push(tree: Path, patches: Path) -> None:
    """Let quilt apply a whole series."""
    more = {"QUILT_PATCHES": str(patches), "QUILT_PC": ".pc"}
    command = ["quilt", "--quiltrc=-", "push", "-a", "-q"]
    done = subprocess.run(command, cwd=tree, env=environment(tree) | more, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def applied_trees(repository: Path, collection: Collection, folder: Path) -> dict[str, str]:
    """Return the trees after each way to apply a collection to its tag: single mails, the mbox, patch and quilt."""
    trees = {}
    ways = {"mails": _by_mails, "mbox": _by_mbox, "patch": _by_patch}
    if shutil.which("quilt"):
        ways["quilt"] = _by_quilt
    for name, way in ways.items():
        tree = folder / name
        git(folder, "clone", "--quiet", "--no-checkout", str(repository), str(tree))
        git(tree, "checkout", "--quiet", collection.target.tag)
        way(tree, collection)
        git(tree, "add", "--all", "--force", ":!.pc")
        trees[name] = git(tree, "write-tree").decode()
    return trees


def _by_mails(tree: Path, collection: Collection) -> None:
    for patch in collection.patches:
        git(tree, "am", "--quiet", stdin=am_mail(patch, collection))


def _by_mbox(tree: Path, collection: Collection) -> None:
    git(tree, "am", "--quiet", stdin=series_mbox(collection))


def _by_patch(tree: Path, collection: Collection) -> None:
    for patch in collection.patches:
        command = ["patch", f"-p{patch.strip}", "--silent"]
        subprocess.run(command, cwd=tree, input=patch.data, env=environment(tree), check=True)


def _by_quilt(tree: Path, collection: Collection) -> None:
    place = tree.parent / f"{tree.name}-series"
    with tarfile.open(fileobj=BytesIO(gzip.decompress(series_tar(collection)))) as tar:
        top = tar.getnames()[0].partition("/")[0]
        tar.extractall(place, filter="data")
    push(tree, place / top)
