"""Turn what apt is configured to install from into what the sources of it come from: sources.list(5)."""

import re

from generator.parse.deb822 import parse_deb822, write_deb822

LINE_RE = re.compile(r"(?:deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S.*)")
TRUST_OPTIONS = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")
DROPPED_OPTIONS = (*TRUST_OPTIONS, "target", "targets", "enabled")


def source_lines(text: str) -> str:
    """Return the `deb-src` lines for a file in one-line style. Who signs stays; who is trusted unsigned does not."""
    matches = [LINE_RE.fullmatch(line.partition("#")[0].strip()) for line in text.splitlines()]
    lines = [_line(match) for match in matches if match and not match[2].startswith("cdrom:")]
    return "".join(dict.fromkeys(lines))


def _line(match: re.Match[str]) -> str:
    options = [option for option in (match[1] or "").split() if _name(option) not in DROPPED_OPTIONS]
    return " ".join(["deb-src", *([f"[ {' '.join(options)} ]"] if options else []), match[2], match[3]]) + "\n"


def _name(option: str) -> str:
    return option.partition("=")[0].rstrip("+-").lower()


def source_paragraphs(text: str, *, source: str) -> str:
    """Return the `deb-src` paragraphs for a file in deb822 style, a `Signed-By` with the key in it included."""
    paragraphs = [_paragraph(fields) for fields in parse_deb822(text, source=source) if _is_on(fields)]
    return "".join(dict.fromkeys(paragraphs))


def _is_on(fields: dict[str, str]) -> bool:
    is_off = fields.get("enabled", "yes").strip().lower() in ("no", "false", "without", "off", "disable", "0")
    return not is_off and "types" in fields and not fields.get("uris", "").startswith("cdrom:")


def _paragraph(fields: dict[str, str]) -> str:
    kept = {name: value for name, value in fields.items() if name.rstrip("+-") not in DROPPED_OPTIONS}
    return write_deb822(kept | {"types": "deb-src"})
