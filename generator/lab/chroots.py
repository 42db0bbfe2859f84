"""A whole small Debian in a folder, for builders that run where they are installed: mkinitramfs and dracut."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from generator.lab.architectures import Architecture
from generator.lab.packages import Root, apt_sources, run

PACKAGES = (
    "initramfs-tools", "dracut-core", "kexec-tools", "makedumpfile", "busybox-static", "zstd", "xz-utils", "cpio",
    "binutils", "kmod", "udev", "e2fsprogs", "util-linux", "procps", "mount", "iproute2",
)  # fmt: skip
VERSION_RE = re.compile(r"^(\S+?)(?::\S+)? (\S+)$", re.MULTILINE)
TIMEOUT_S = 1800.0


def chroot_root(cache: Path, architecture: Architecture, say: Callable[[str], None], extra: Sequence[str] = ()) -> Root:
    """Return the root, made by mmdebstrap when it is not there. Raises SourceError in its words."""
    packages = (*PACKAGES, *extra)
    folder = cache / "chroots" / f"{architecture.name}-{hashlib.sha256(repr(packages).encode()).hexdigest()[:12]}"
    if not (folder / "boot").exists():
        say(f"{architecture.name}: installing a small Debian for the builders (minutes)")
        new = folder.with_name(folder.name + ".new")
        run(["rm", "-rf", str(new)])
        folder.parent.mkdir(parents=True, exist_ok=True)
        codename, sources = apt_sources(cache, architecture)
        wanted = ",".join((architecture.kernel_package, *packages))
        options = ["--variant=apt", f"--include={wanted}", f"--architectures={architecture.name}"]
        options += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale")]
        options += ['--aptopt=APT::Sandbox::User "root"'] if os.geteuid() == 0 else []
        run(["mmdebstrap", "--quiet", *options, codename, str(new), *map(str, sources)], timeout_s=TIMEOUT_S)
        new.rename(folder)
    versions = run(["dpkg-query", f"--admindir={folder}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\\n"])
    kernel = sorted(path.name for path in (folder / "usr/lib/modules").iterdir())[-1]
    return Root(folder, kernel, dict(VERSION_RE.findall(versions)))
