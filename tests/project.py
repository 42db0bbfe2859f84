"""A small portal in a folder, built by the real command in a process of its own."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
ROOT = Path(__file__).parents[1]
FRONT = "---\ntitle: A page\ndescription: A sentence.\nowner: docs\n---\n\n"
CONTENT = {
    "index.md": f"{FRONT}# Home\n\nThe home page.\n",
    "search.md": f"{FRONT[:-6]}\ntemplate: search.html\n---\n\n# Search this portal\n",
    "about/index.md": f"{FRONT}# About\n\nAbout it.\n",
    "about/how-made.md": f"{FRONT}# How\n\nHow it is made.\n\n## Verification\n\nProven.\n",
}
SETTINGS = """\
site_name: A portal
site_url: https://example.org/portal/
docs_dir: content
theme:
  name: kdump-portal
nav:
  - Home: index.md
  - History: /history/
  - About: [about/index.md, about/how-made.md]
not_in_nav: |
  /search.md
validation:
  nav: {absolute_links: ignore}
  links: {unrecognized_links: ignore}
plugins:
  - kdump-portal:
"""


class Project:
    """A folder with mkdocs.yml and content/. `code` holds the generator as it was when the tests began."""

    code = ROOT

    def __init__(self, folder: Path, **sources: Path | str) -> None:
        self.folder = folder
        self.site = folder / "site"
        for name, text in CONTENT.items():
            file = folder / "content" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        entries = "".join(
            f"        {name}:\n          addresses: [{json.dumps(str(at))}]\n" for name, at in sources.items()
        )
        self.configure(f"      sources:\n{entries}" if entries else "      cache_dir: .cache\n")

    def configure(self, plugin: str) -> None:
        """Write mkdocs.yml; `plugin` are the lines under our plugin."""
        (self.folder / "mkdocs.yml").write_text(SETTINGS + plugin, "utf-8")

    def start(self, *arguments: str, program: str = "generator.cli", **more: str) -> subprocess.Popen:
        """Start the command."""
        code = f"import sys; from {program} import main; sys.exit(main())" if program.startswith("gen") else ""
        command = [sys.executable, "-c", code] if code else [sys.executable, "-m", program]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.code),
            "HOME": str(self.folder),
            "PYTHONWARNINGS": "error::ResourceWarning",
            **more,
        }
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*command, *arguments], cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess:
        """Run the command to its end."""
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def build(self, *arguments: str, **more: str) -> dict:
        """Build, and return what the command says as JSON."""
        done = self.run("build", "--json", *arguments, **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def contents(self, site: Path | None = None) -> dict[str, bytes]:
        """Return every file of the site."""
        top = site or self.site
        return {file.relative_to(top).as_posix(): file.read_bytes() for file in top.rglob("*") if file.is_file()}

    def nodes(self) -> dict[str, tuple[int, int]]:
        """Return inode and time of every file of the site."""
        return {
            file.relative_to(self.site).as_posix(): (file.stat().st_ino, file.stat().st_mtime_ns)
            for file in self.site.rglob("*")
            if file.is_file()
        }


class Balance(HTMLParser):
    """Finds tags that do not match, doubled attributes, and scripts and handlers that are not the theme's."""

    OPTIONAL = frozenset({"li", "dt", "dd", "p", "td", "th", "tr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        values = dict(attrs)
        if len(set(names)) != len(names):
            self.problems.append(f"<{tag}> has an attribute twice")
        if any(name.startswith("on") or name == "style" for name in names):
            self.problems.append(f"<{tag}> has a handler or a style")
        if tag == "script" and "/assets/" not in f"/{values.get('src', '')}":
            self.problems.append("a script that is not the theme's")
        if any((value or "").lower().startswith(("javascript:", "data:")) for value in values.values()):
            self.problems.append(f"<{tag}> has an address that runs")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """SVG's empty elements."""

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.problems.append(f"</{tag}> ends what cannot be ended")
        elif not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} where {self.open[-3:]} are open")
            if tag in self.open:
                while self.open.pop() != tag:
                    pass
        else:
            self.open.pop()


def faults(page: bytes) -> list[str]:
    """Return what is wrong with a page."""
    text = page.decode("utf-8")
    parser = Balance()
    parser.feed(text)
    parser.close()
    problems = parser.problems + [f"<{tag}> is never ended" for tag in parser.open]
    odd = sorted({character for character in text if ord(character) < 32 and character not in "\t\n"})
    return problems + ([f"control characters {odd}"] if odd else [])
