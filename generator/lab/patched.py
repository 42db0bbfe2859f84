"""Builders with the patches of this site applied, as a distribution would carry them."""

import shutil
from pathlib import Path

from generator.capture.series import mail, series
from generator.errors import SourceError
from generator.lab.packages import Root, linked_root, run

# Where a distribution's package puts a folder of the source.
PLACES = {
    "patched-initramfs-tools": {
        "kdump-capture": "usr/sbin/kdump-capture",
        "hooks": "usr/share/initramfs-tools/hooks",
        "scripts": "usr/share/initramfs-tools/scripts",
    },
    "patched-dracut": {"modules.d": "usr/lib/dracut/modules.d"},
}
PATCHED = tuple(PLACES)


def patched_root(root: Root, builder: str, work: Path) -> Root:
    """Return a copy of a root, made of links, into which what the patches add is installed."""
    source = work / "source"
    source.mkdir()
    run(["git", "init", "-q", str(source)])
    who = ["-c", "user.name=lab", "-c", "user.email=lab@example.invalid"]
    run(["git", "-C", str(source), *who, "commit", "-q", "--allow-empty", "-m", "upstream"])
    for number, text in enumerate(_mails(builder)):
        file = work / f"{number}.patch"
        file.write_text(text, "utf-8")
        run(["git", "-C", str(source), *who, "am", "-q", str(file)])
    root = linked_root(root, work)
    for inner, place in PLACES[builder].items():
        target = root.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / inner).is_dir():
            shutil.copytree(source / inner, target, dirs_exist_ok=True)
        else:
            shutil.copy(source / inner, target)
    return root


def _mails(builder: str) -> list[str]:
    wanted = builder.removeprefix("patched-")
    patches = next(found for name, found in series().items() if name.startswith(wanted))
    return [mail(patch, number, len(patches)) for number, patch in enumerate(patches, 1)]


def build_patched(root: Root, builder: str, config: Path, image: Path) -> None:
    """Let the patched builder make a capture image, called as its patch says. Raises SourceError."""
    shutil.copy(config, root.folder / "etc/kdump-capture.conf")
    out = f"/tmp/{image.name}"
    if builder == "patched-dracut":
        words = ["dracut", "--force", "--add", "kdump-capture", "--modules", "base kdump-capture", "--no-hostonly"]
        words += [out, root.kernel]
    else:
        words = ["env", "KDUMP_CAPTURE=capture", "mkinitramfs", "-o", out, root.kernel]
    run(["chroot", str(root.folder), *words])
    made = root.folder / out.lstrip("/")
    if not made.exists() or not made.stat().st_size:
        raise SourceError(f"{words[0]} left no image")
    shutil.move(made, image)
