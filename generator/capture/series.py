"""The patches of today: the tool with what today's builders need to call it, as mails for `git am`.

They add files and change none, so that they apply to any version with the same folders. The scripts are the ones that
the tool itself writes into images, taken out of it by its own shell functions: the two cannot drift apart.
`python -m generator.capture.series` writes them below patches/.
"""

import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.capture.assemble import FOLDER, assemble_tool, tool_version
from generator.errors import SourceError

AUTHOR = "kdump-portal authors <kdump-portal@example.invalid>"
DATE = "Thu, 26 Nov 2026 12:00:00 +0000"  # of this version
PLAIN, PROGRAM = "100644", "100755"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatch:
    """A patch that adds files: `files` are their paths with mode and text."""

    name: str
    subject: str
    about: str
    files: Mapping[str, tuple[str, str]]


def series() -> dict[str, tuple[NewPatch, ...]]:
    """Return the patches of each collection, in their order. Raises SourceError when there is no sh."""
    return {
        "initramfs-tools-kdump-capture": _initramfs_tools(),
        "dracut-kdump-capture": _dracut(),
    }


def _initramfs_tools() -> tuple[NewPatch, ...]:
    return (
        NewPatch(
            name="0001-add-kdump-capture.patch",
            subject="add kdump-capture, the program of the capture kernel",
            about="One POSIX sh file that checks a machine, loads the capture kernel, and is itself what saves the\n"
            "dump. It is to be installed as /usr/sbin/kdump-capture.",
            files={"kdump-capture": (PROGRAM, assemble_tool())},
        ),
        NewPatch(
            name="0002-capture-before-root-is-mounted.patch",
            subject="capture a crash dump before root is mounted",
            about="    KDUMP_CAPTURE=capture mkinitramfs -o /var/lib/kdump-capture/capture-KVER.img KVER\n\n"
            "makes an image that saves the dump to the targets of /etc/kdump-capture.conf and reboots, and\n\n"
            "    kdump-capture load KVER\n\n"
            "loads it. In 2005 this was: mkinitrd -c [dump_dev] -f [file_system] -o [out] [kver]\n"
            "Without the variable nothing is added to any image.",
            files={
                "hooks/kdump-capture": (PROGRAM, _script("initramfs-hook.sh")),
                "scripts/init-premount/kdump-capture": (PROGRAM, _function("premount_script")),
            },
        ),
        NewPatch(
            name="0003-load-the-capture-kernel-from-the-initramfs.patch",
            subject="load the capture kernel from the initramfs",
            about="    KDUMP_CAPTURE=load mkinitramfs -o /boot/initrd.img-KVER KVER\n\n"
            "makes an image for the first kernel that carries the capture kernel with its image and loads them before\n"
            "root is mounted, so that a crash early in boot is captured as well. After three crashes within\n"
            "ten minutes it loads nothing. In 2005 this was:\n\n"
            "    mkinitrd -i [capture_initrd] -v [capture_kernel] -o [out] [kver]",
            files={
                "hooks/kdump-capture-load": (PROGRAM, _script("initramfs-load-hook.sh")),
                "scripts/init-premount/kdump-capture-load": (PROGRAM, _function("autoload_script")),
            },
        ),
    )


def _dracut() -> tuple[NewPatch, ...]:
    capture, load = "modules.d/95kdump-capture", "modules.d/95kdump-capture-load"
    return (
        NewPatch(
            name="0001-kdump-capture-save-a-crash-dump.patch",
            subject="kdump-capture: save a crash dump before root is mounted",
            about="    dracut --add kdump-capture --no-hostonly /var/lib/kdump-capture/capture-KVER.img KVER\n\n"
            "makes an image that saves the dump to the targets of /etc/kdump-capture.conf and reboots, and\n\n"
            f"    sh /usr/lib/dracut/{capture}/kdump-capture load KVER\n\n"
            "loads it. In 2005 this was, for Fedora Core 4 and RHEL 4,\n\n"
            "    mkinitrd [--dump-dev=] [--dump-fs=] image kver\n\n"
            "and for SLES 9\n\n    mkinitrd [-v] [-f] -k kernel -i image",
            files={
                f"{capture}/kdump-capture": (PROGRAM, assemble_tool()),
                f"{capture}/module-setup.sh": (PROGRAM, _script("dracut-setup.sh")),
                f"{capture}/root.sh": (PROGRAM, _function("dracut_root_hook")),
                f"{capture}/stage2.sh": (PROGRAM, _function("dracut_stage2_hook")),
            },
        ),
        NewPatch(
            name="0002-kdump-capture-load-load-it-early.patch",
            subject="kdump-capture-load: load the capture kernel from the first initramfs",
            about="    dracut --add kdump-capture-load /boot/initramfs-KVER.img KVER\n\n"
            "so that a crash early in boot is captured as well. After three crashes within\n"
            "ten minutes it loads nothing.",
            files={
                f"{load}/module-setup.sh": (PROGRAM, _script("dracut-load-setup.sh")),
                f"{load}/load.sh": (PROGRAM, _function("autoload_hook")),
            },
        ),
    )


def _script(name: str) -> str:
    return (FOLDER / "series" / name).read_text("utf-8")


def _function(name: str) -> str:
    """Return what one of the tool's functions writes into an image."""
    functions = assemble_tool().removesuffix('main "$@"\n')
    try:
        done = subprocess.run(["sh", "-s"], input=f"{functions}\n{name}\n", capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as problem:
        raise SourceError(f"the tool's function {name} cannot be run: {problem}") from problem
    return done.stdout


def mail(patch: NewPatch, number: int, total: int) -> str:
    """Return a patch as `git format-patch` writes one."""
    lines = sum(text.count("\n") for _, text in patch.files.values())
    stat = f" {len(patch.files)} files changed, {lines} insertions(+)" if len(patch.files) > 1 else (
        f" 1 file changed, {lines} insertions(+)"
    )  # fmt: skip
    created = "".join(f" create mode {mode} {path}\n" for path, (mode, _) in sorted(patch.files.items()))
    return (
        f"From {hashlib.sha1(patch.name.encode()).hexdigest()} Mon Sep 17 00:00:00 2001\n"
        f"From: {AUTHOR}\nDate: {DATE}\nSubject: [PATCH {number}/{total}] {patch.subject}\n\n"
        f"{patch.about}\n\n"
        f"Signed-off-by: {AUTHOR}\n---\n{stat}\n{created}\n"
        + "".join(_added(path, mode, text) for path, (mode, text) in sorted(patch.files.items()))
        + f"-- \nkdump-portal {tool_version()}\n\n"
    )


def _added(path: str, mode: str, text: str) -> str:
    data = text.encode()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    body = "".join(f"+{line}\n" for line in text.splitlines())
    count = text.count("\n")
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex {'0' * 12}..{blob[:12]}\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1{',' + str(count) if count > 1 else ''} @@\n{body}"
    )


def main() -> None:
    """Write every series below patches/, beside the collections' hand-written sheets."""
    for collection, patches in series().items():
        folder = Path("patches") / collection
        folder.mkdir(parents=True, exist_ok=True)
        for number, patch in enumerate(patches, 1):
            (folder / patch.name).write_text(mail(patch, number, len(patches)), "utf-8")
            print(folder / patch.name)


if __name__ == "__main__":
    main()
