"""What a commit loses when it travels as a mail: the rules of git-mailsplit(1), git-mailinfo(1) and git-am(1).

They are followed from git's mailinfo.c, builtin/mailsplit.c and ident.c; tests compare them with `git am` itself.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LAST_DATE = 4_102_444_800  # 2100: from then on git does not read the date of a mail
LONGEST_NAME = 60  # bytes; of a longer name git am makes the address


@dataclass(frozen=True, slots=True)
class _Letter:
    """A commit object as git turns it into a mail: in UTF-8, the message up to a NUL."""

    name: bytes
    email: bytes
    date: bytes
    subject: bytes  # the message's first paragraph
    body: bytes  # what follows it, without the empty lines between
    message: bytes
    encoding: str  # "" for UTF-8
    is_whole: bool  # False: a NUL cut the message


def mail_losses(commit: bytes, diff: bytes, paths: Iterable[bytes] = ()) -> Iterator[str]:
    """Yield, as sentences, what `git am` would not restore of a commit and which option helps.

    `commit` is the commit object's content, `diff` its patch. Without a sentence `git am` restores the tree, the
    message and the author.
    """
    letter = _letter(commit)
    yield from _text_losses(letter)
    yield from _message_losses(letter)
    yield from _subject_losses(letter.subject)
    yield from _author_losses(letter)
    if b"\r\n" in diff:
        yield "Lines end in CR LF: use git am --keep-cr."
    if not diff:
        yield "The commit changes no file: use git am --empty=keep."
    if any(REFUSED_RE.search(path) for path in paths):
        yield "A path is one that git refuses to write: look at the .diff."


# verify_path of git's read-cache.c, with the names that other file systems take for `.git`.
REFUSED_RE = re.compile(rb"(?:^|/)(?:|\.|\.\.|\.git[ .]*|git~1)(?:/|$)", re.IGNORECASE)

# What mailsplit takes for the start of another mail: `From `, a time of day and a year after 1990.
MAIL_START_RE = re.compile(rb"^From .*\d\d?:\d\d.* \d{4,}[^\n]*$", re.MULTILINE)


def starts_mail(commit: bytes) -> bool:
    """Whether a line of the message would cut the mail in two; then it must be written as mboxrd, which quotes it."""
    return MAIL_START_RE.search(_letter(commit).body) is not None


def _letter(commit: bytes) -> _Letter:
    head, _, message = commit.partition(b"\n\n")
    whole, nul, _ = message.partition(b"\0")
    match = ENCODING_RE.search(head)
    encoding = match[1].decode("ascii", "replace") if match else ""
    person = AUTHOR_RE.search(head)
    name, email, date = (_utf8(part, encoding) for part in (person.groups() if person else (b"", b"", b"")))
    text = _utf8(whole, encoding)
    subject, body = PARAGRAPH_RE.fullmatch(text).groups()
    is_utf8 = encoding.lower() in ("", "utf-8", "utf8")
    return _Letter(name, email, date, subject, body, text, "" if is_utf8 else encoding, not nul)


ENCODING_RE = re.compile(rb"^encoding ([^\n]+)$", re.MULTILINE)
AUTHOR_RE = re.compile(rb"^author ([^<\n]*?) ?<([^>\n]*)> ?([^\n]*)$", re.MULTILINE)
PARAGRAPH_RE = re.compile(rb"(?:[ \t\r]*\n)*((?:[^\n]*[^ \t\r\n][^\n]*\n?)*)(?:[ \t\r]*\n)*(.*)", re.DOTALL)


def _utf8(data: bytes, encoding: str) -> bytes:
    """Return text as git recodes it: bytes it cannot read, or in an encoding it does not know, stay."""
    try:
        codecs.lookup(encoding or "utf-8")
        return data.decode(encoding or "utf-8").encode()
    except (LookupError, UnicodeError):
        return data


def _text_losses(letter: _Letter) -> Iterator[str]:
    if letter.encoding:
        yield f"The commit is written in {letter.encoding}; git am records the same text in UTF-8."
    if not letter.is_whole:
        yield "The message holds a NUL byte, where git ends it."
    if not all(_is_utf8(part) for part in (letter.message, letter.name)):
        yield "The message or the author is not valid UTF-8; git am takes it for Latin-1."


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# Where mailinfo takes the message to end and the patch to begin (`patchbreak`).
BREAK_RE = re.compile(rb"^(?:diff -|Index: |---[ \t\r]*$|--- [^\s])", re.MULTILINE)
PATCH_RE = re.compile(rb"^(?:diff -|--- |@@ -)", re.MULTILINE)
INNER_HEADER_RE = re.compile(rb"(?:(?i:From|Date|Subject):|\[PATCH\]\s|>From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001)")


def _message_losses(letter: _Letter) -> Iterator[str]:
    broken = BREAK_RE.search(letter.body)
    if broken and PATCH_RE.search(letter.body, broken.start()):
        yield "The message holds what git am takes for a patch: use the .diff with git apply --index instead."
    elif broken:
        yield "The message holds a line that git am takes for its end: what follows is lost."
    if MAIL_START_RE.search(letter.body):
        yield "The message holds a line that starts a mail: use git am --patch-format=mboxrd."
    if INNER_HEADER_RE.match(letter.body):
        date = letter.body[:5].lower() == b"date:"
        yield "The message begins with a header line, which git am takes for its own" + (
            "; where the date is refused: use git am --ignore-date." if date else "."
        )
    if _is_untidy(letter):
        yield "git am tidies white space in the message."


def _is_untidy(letter: _Letter) -> bool:
    """Whether `git stripspace` or the folding of the subject would change the message."""
    subject = letter.subject.removesuffix(b"\n")
    if not letter.message:
        return False
    tidy = subject + b"\n" + (b"\n" + letter.body if letter.body else b"")
    return letter.message != tidy or b"\n" in subject or UNTIDY_RE.search(letter.message) is not None or (
        SPACES_RE.search(subject) is not None
    )  # fmt: skip


UNTIDY_RE = re.compile(rb"[ \t\r]$|\n\n\n|\n\n\Z|[^\n]\Z", re.MULTILINE)
SPACES_RE = re.compile(rb"[\t\r]|  |^ ")


def _subject_losses(subject: bytes) -> Iterator[str]:
    if not SHORTENED_RE.match(subject):
        return
    rest = BRACKETS_RE.sub(b"", subject, count=1)
    if SHORTENED_RE.match(rest):
        yield "git am cuts off the beginning of the subject."
    else:
        yield "The subject begins with a bracket: use git am --keep-non-patch."


SHORTENED_RE = re.compile(rb"[ \t]*(?:[Rr]e:|:|\[[^\]]*\])")
BRACKETS_RE = re.compile(rb"(?:\[(?![^\]]*PATCH)[^\]]*\] ?)+")


def _author_losses(letter: _Letter) -> Iterator[str]:
    name, email = letter.name, letter.email
    if not CRUD_RE.sub(b"", name) and name:
        yield "git am refuses the author's name: use the .diff with git apply --index instead."
    elif _is_misread(name, email):
        yield "The author's name or address is not what git am reads from a mail: correct it with git commit --amend."
    if not DATE_RE.fullmatch(letter.date):
        yield "The author's date is not one that a mail can carry."
    elif int(letter.date.split()[0]) >= LAST_DATE and int(letter.date.split()[0]) < 1 << 63:
        yield "git am reads no date after 2099: use git am --ignore-date."


def _is_misread(name: bytes, email: bytes) -> bool:
    """Whether mailinfo's `handle_from` makes another author of it; for want of a name it takes the address."""
    odd_name = not name or len(name) > LONGEST_NAME or ODD_NAME_RE.search(name)
    return bool((odd_name and name != email) or ODD_MAIL_RE.search(email))


# What ident.c strips from both ends of a name.
CRUD_RE = re.compile(rb"^[\x00-\x20.,:;<>\"\\']+|[\x00-\x20.,:;<>\"\\']+$")
ODD_NAME_RE = re.compile(rb"^[\x00-\x20.,:;<>\"\\']|[\x00-\x20.,:;<>\"\\']$|[@\t]|  |^\(.*\)$")
ODD_MAIL_RE = re.compile(rb"\s|^[\x00-\x20.,:;<>\"\\']|[\x00-\x20.,:;<>\"\\']$")
DATE_RE = re.compile(rb"\d{1,20} [+-](?:[01]\d|2[0-3])[0-5]\d")
