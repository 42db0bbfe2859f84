"""What the site gives away: the tool under two names, its sums, and a page that says the same of it."""

import hashlib
from pathlib import Path

from generator.capture.assemble import assemble_tool, tool_version
from generator.capture.downloads import fill_in_tool, tool_outputs

PAGE = "Before\n\n<!-- capture-tool: download -->\n\nBetween\n\n<!-- capture-tool: changes -->\n"


def test_the_sums_are_of_what_is_given_away() -> None:
    files = {output.path: b"".join(output.body) for output in tool_outputs()}
    sums = dict(reversed(line.split("  ")) for line in files.pop("capture/SHA256SUMS").decode().splitlines())
    assert {f"capture/{name}": digest for name, digest in sums.items()} == {
        path: hashlib.sha256(body).hexdigest() for path, body in files.items()
    }
    assert set(files) == {"capture/kdump-capture", f"capture/kdump-capture-{tool_version()}"}
    assert files["capture/kdump-capture"] == assemble_tool().encode()


def test_the_page_says_version_sum_and_changes(tmp_path: Path) -> None:
    page = fill_in_tool(PAGE, tmp_path)
    assert hashlib.sha256(assemble_tool().encode()).hexdigest() in page
    assert f"<dt>Version</dt><dd><code>{tool_version()}</code></dd>" in page
    assert f"### {tool_version()}" in page
    assert "none yet" in page


def test_a_signature_that_was_laid_beside_the_page_is_offered(tmp_path: Path) -> None:
    name = f"kdump-capture-{tool_version()}.minisig"
    (tmp_path / name).write_text("untrusted comment: signature\n")
    page = fill_in_tool(PAGE, tmp_path)
    assert f'<a href="{name}">minisign</a>' in page
    assert "none yet" not in page


def test_a_page_that_asks_for_nothing_is_left_alone(tmp_path: Path) -> None:
    assert fill_in_tool("# A page\n", tmp_path) == "# A page\n"
