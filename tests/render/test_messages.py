"""The links in commit messages."""

import time

import pytest

from generator.render.messages import message_html


def shown(text: str) -> str:
    return message_html(text, lambda word: f"commit/{word}" if word.startswith("abc") else None)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see https://example.org/a?b=1&c.", 'see <a href="https://example.org/a?b=1&amp;c" rel="nofollow">'
         "https://example.org/a?b=1&amp;c</a>."),
        ("abcdef1 and 1234567", '<a href="commit/abcdef1">abcdef1</a> and 1234567'),
        ("fixes CVE-2024-12345.", 'fixes <a href="https://www.cve.org/CVERecord?id=CVE-2024-12345" rel="nofollow">'
         "CVE-2024-12345</a>."),
        ("Message-ID: <a.b@example.org>", 'Message-ID: &lt;<a href="https://lore.kernel.org/all/a.b@example.org/" '
         'rel="nofollow">a.b@example.org</a>&gt;'),
        ("Signed-off-by: A <a@example.org>", "Signed-off-by: A &lt;a@example.org&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("<a href='https://x.org/'>", "&lt;a href=&#x27;<a href=\"https://x.org/\" rel=\"nofollow\">https://x.org/</a>"
         "&#x27;&gt;"),
        ("path/abcdef1 and xabcdef1", "path/abcdef1 and xabcdef1"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_an_address_becomes_a_link_and_nothing_else(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize("word", ["https://", "<", "a", "<a@", "CVE-", "https://x.org/) ", "abcdef1 "])
def test_no_text_makes_it_slow(word: str) -> None:
    text = word * (300_000 // len(word))
    start = time.monotonic()
    shown(text)
    assert time.monotonic() - start < 5
