"""Assemble the capture tool: the parts in order, their comments at line beginnings kept, into one reproducible file."""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent
# In reading order: what everything stands on, the machine's side, the capture kernel's side, the command line.
PARTS = (
    "head", "say", "config", "system",
    "check", "check_target", "size", "test", "collect", "uninstall",
    "modules", "closure", "build", "build_generic", "build_initramfs", "build_dracut", "autoload", "hook", "init",
    "mkinitrd", "load", "targets", "dump", "stage2", "receive", "verify", "report",
    "main",
)  # fmt: skip


def tool_version() -> str:
    """Return the tool's version, as in `generator/capture/VERSION`."""
    return (FOLDER / "VERSION").read_text(encoding="utf-8").strip()


def assemble_tool() -> str:
    """Return the text of `kdump-capture`. The digest in its head is the SHA-256 of the parts as they are."""
    parts = [(FOLDER / "parts" / f"{name}.sh").read_text(encoding="utf-8") for name in PARTS]
    digest = hashlib.sha256("".join(parts).encode()).hexdigest()
    return "\n".join(parts).replace("@VERSION@", tool_version()).replace("@DIGEST@", digest[:16])


def main() -> None:
    """Write the tool to standard output: `python -m generator.capture.assemble > kdump-capture`."""
    print(assemble_tool(), end="")


if __name__ == "__main__":
    main()
