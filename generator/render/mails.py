"""Patches as mails that `git am` reads, and whole series as mbox and as tarball; what we add is marked as ours.

The formats: git-format-patch(1), git-am(1), git-mailinfo(1), RFC 5322, 2045 and 2047, and DEP-3. A series comes
without its cover letter, as `b4 am` writes it: git am stops at a mail that changes nothing.
"""

import base64
import hashlib
import re
import struct
import tarfile
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from email.header import Header
from email.utils import format_datetime, quote

from generator.model.commits import Person, Stamp
from generator.model.diffs import FileDiff, count_lines
from generator.model.patches import Collection, Patch
from generator.model.releases import safe_name
from generator.relate.mailing import LAST_DATE, LONGEST_NAME, MAIL_START_RE
from generator.render.escape import decode
from generator.render.unified import unified

OURS = Person("kdump portal", "kdump-portal@localhost")
NO_EMAIL = "unknown@localhost"
EPOCH = Stamp(0, "+0000")
SEPARATOR = b"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
SIGNATURE = b"-- \nkdump portal\n\n"
LONGEST_SUBJECT = 400
KEPT_FIELDS = ("origin", "forwarded", "applied-upstream", "reviewed-by", "acked-by")  # besides every Bug field


def can_mail(patch: Patch) -> bool:
    """Whether a patch can be had as a mail: it changes something, and it could be read."""
    return bool(patch.files)


def is_cover(patch: Patch) -> bool:
    """Whether a mail is the cover letter of a series: it changes nothing, and nothing is wrong with it."""
    return patch.form == "mail" and not patch.files and not patch.problem and patch.number == 0


def is_git_mail(patch: Patch) -> bool:
    """Whether a patch already is what `git am` reads: then its bytes stay as they are."""
    has_headers = patch.form == "mail" and patch.author is not None and bool(patch.subject)
    return has_headers and patch.strip == 1 and (_is_readable(patch.data) or _has_binary(patch))


def message_id(collection: Collection, patch: Patch | None) -> str:
    """Return a Message-ID without its brackets, the patch's own or one made of hashes; None: the cover letter's."""
    if patch and patch.message_id:
        return patch.message_id.strip("<> ")
    digest = hashlib.sha256(collection.name.encode("utf-8", "surrogateescape"))
    for each in [patch] if patch else filter(can_mail, collection.patches):
        digest.update(b"\0" + each.name.encode("utf-8", "surrogateescape") + b"\0" + each.data)
    return f"{digest.hexdigest()[:32]}.{'patch' if patch else 'cover'}@kdump-portal.invalid"


def am_mail(patch: Patch, collection: Collection, *, number: int = 0, total: int = 0, in_reply_to: str = "") -> bytes:
    """Return a patch as a mail for `git am`. What already is one stays byte for byte.

    Otherwise headers are made, and a line in the message says of what. `number` of `total` is its place in a series,
    `in_reply_to` the Message-ID of the mail it follows, without brackets. The patch must change something.
    """
    if is_git_mail(patch):
        return patch.data
    author, author_note = _author(patch, collection)
    date, date_note = _date(patch, collection)
    subject, subject_note = _subject(patch)
    diff, diff_note = _diff(patch)
    notes = "; ".join(filter(None, [f"{author_note}, {date_note} and {subject_note}", diff_note]))
    return _mail(
        headers=_headers(
            author, date, _numbered(subject, number, total, patch.version), message_id(collection, patch), in_reply_to
        ),
        text=_text(patch, notes),
        rest=b"---\n%b\n%b%b" % (_diffstat(patch.files), diff, SIGNATURE),
    )


def series_mbox(collection: Collection, *, cover: bool = False) -> bytes:
    """Return the patches as an mbox for `git am`: threaded, in order, numbered where the headers are ours.

    With `cover`, the thread as a mail reader and b4 expect it: the cover letter comes first, the one that was received
    or one that we make and mark.
    """
    patches = [patch for patch in collection.patches if can_mail(patch)]
    letter = next((patch for patch in collection.patches if is_cover(patch)), None)
    root = message_id(collection, letter)
    mails = [
        am_mail(patch, collection, number=number, total=len(patches), in_reply_to=root)
        for number, patch in enumerate(patches, 1)
    ]
    if cover:
        mails.insert(0, letter.data if letter else _cover(collection, patches, root))
    return b"".join(map(_boxed, mails))


def series_tar(collection: Collection) -> bytes:
    """Return a .tar.gz with a `series` file as quilt has it and the patches, unpacked, as received.

    The bytes depend on nothing but the patches: no clock, no user, no compressor's name.
    """
    seconds = collection.released.seconds if collection.released else 0
    top = safe_name(collection.name)
    patches = [patch for patch in collection.patches if can_mail(patch)]
    names = [_file_name(patch, number) for number, patch in enumerate(patches, 1)]
    lines = [
        name + ("" if patch.strip == 1 else f" -p{patch.strip}") for name, patch in zip(names, patches, strict=True)
    ]
    lines += [f"# not here: {' '.join(missing.name.split())}" for missing in collection.missing]
    files = {f"{top}/series": "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")}
    files |= {f"{top}/{name}": patch.data for name, patch in zip(names, patches, strict=True)}
    return _gzip(b"".join(_member(name, data, seconds) for name, data in files.items()) + bytes(1024))


# Headers


def _author(patch: Patch, collection: Collection) -> tuple[Person, str]:
    if patch.author is not None:
        person = _clean(patch.author)
        note = "" if person.email != NO_EMAIL else f" (the address {NO_EMAIL} is ours)"
        return person, f"the author that it names{note}"
    if collection.maintainer is not None:
        return _clean(collection.maintainer), "the address of the maintainer, for it names no author"
    return OURS, "an address of ours, for it names no author"


EMAIL_RE = re.compile(r"[!#-'*+/-9=?A-Z^-~.-]{1,64}@[A-Za-z0-9.-]{1,190}")


def _clean(person: Person) -> Person:
    """Return a person as a header can carry it: git am takes the first @ for the address's, and 60 bytes of name."""
    name = _one_line(person.name).replace("@", " at ")
    while len(name.encode()) > LONGEST_NAME:
        name = name[:-1]
    email = person.email.strip()
    email = email if EMAIL_RE.fullmatch(email) else NO_EMAIL
    return Person(name.strip() or email.partition("@")[0], email)


def _date(patch: Patch, collection: Collection) -> tuple[Stamp, str]:
    if patch.authored is not None and 0 <= patch.authored.seconds < LAST_DATE:
        return patch.authored, "the date that it names"
    updated = next((value for name, value in patch.headers if name.lower() == "last-update"), "")
    if patch.form == "dep3" and (day := _day(updated)):
        return day, "its Last-Update"
    if collection.released is not None and 0 <= collection.released.seconds < LAST_DATE:
        return collection.released, "the date of the release"
    return EPOCH, "1970, for no date is known"


def _day(text: str) -> Stamp | None:
    """Read DEP-3's YYYY-MM-DD as its midnight."""
    try:
        seconds = int(datetime.fromisoformat(f"{text.strip()[:10]}T00:00:00+00:00").timestamp())
    except ValueError:
        return None
    return Stamp(seconds, "+0000") if 0 <= seconds < LAST_DATE else None


def _subject(patch: Patch) -> tuple[str, str]:
    subject = _one_line(patch.subject)[:LONGEST_SUBJECT]
    if subject:
        return subject, "its first line"
    return _one_line(patch.name), "the file's name"


def _one_line(text: str) -> str:
    return " ".join(CONTROL_RE.sub(" ", _latin(text)).split())


CONTROL_RE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def _latin(text: str) -> str:
    """Read bytes that were not UTF-8 as ISO-8859-1, which they mostly are in old patches."""
    return re.sub("[\udc80-\udcff]", lambda match: chr(ord(match[0]) - 0xDC00), text)


def _numbered(subject: str, number: int, total: int, version: int) -> str:
    words = ["PATCH", *([f"v{version}"] if version > 1 else [])]
    if total:
        words.append(f"{number:0{len(str(total))}}/{total}")
    return f"[{' '.join(words)}] {subject}"


def _headers(author: Person, date: Stamp, subject: str, identity: str, in_reply_to: str) -> list[str]:
    lines = [
        f"From: {_address(author)}",
        f"Date: {_rfc5322(date)}",
        f"Subject: {_encoded(subject, 'Subject')}",
        f"Message-ID: <{identity}>",
    ]
    if in_reply_to:
        lines += [f"In-Reply-To: <{in_reply_to}>", f"References: <{in_reply_to}>"]
    return lines


PLAIN_NAME_RE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")


def _address(person: Person) -> str:
    encoded = _encoded(person.name, "From")
    if encoded == person.name and not PLAIN_NAME_RE.fullmatch(encoded):
        encoded = f'"{quote(encoded)}"'
    return f"{encoded} <{person.email}>"


def _encoded(text: str, header: str) -> str:
    """Return text as RFC 2047 wants it: as it is when ASCII, else in encoded words over folded lines."""
    if text.isascii() and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=76, header_name=header).encode()


def _rfc5322(stamp: Stamp) -> str:
    sign = -1 if stamp.zone.startswith("-") else 1
    minutes = sign * (int(stamp.zone[1:3]) * 60 + int(stamp.zone[3:5]))
    zone = timezone(timedelta(minutes=minutes if abs(minutes) < 24 * 60 else 0))
    return format_datetime(datetime.fromtimestamp(stamp.seconds, zone))


# The message


def _text(patch: Patch, notes: str) -> str:
    """Return the message: what the patch says, the DEP-3 fields that lead elsewhere, and our line."""
    message = _latin(patch.message).replace("\r\n", "\n").strip("\n")
    fields = [f"{name}: {_one_line(value)}" for name, value in patch.headers if patch.form == "dep3" and _is_kept(name)]
    new = [line for line in fields if line not in message]
    if message and new and not _ends_in_trailer(message):
        new.insert(0, "")
    last = message.splitlines()[-1:] or new[-1:]
    gap = [] if not last or _ends_in_trailer(new[-1] if new else message) else [""]
    return "\n".join([*([message] if message else []), *new, *gap, f"[portal: headers made from {notes}]"])


def _is_kept(name: str) -> bool:
    return name.lower() in KEPT_FIELDS or name.lower() == "bug" or name.lower().startswith("bug-")


def _ends_in_trailer(message: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z-]*: .+", message.splitlines()[-1]))


HEADER_RE = re.compile(r"(?:From|Subject|Date)\s*:|>*From |\[PATCH", re.IGNORECASE)
BREAK_RE = re.compile(r"^(?=diff -|Index: |---|-- >8|-- 8<|>8 -|8< -)", re.MULTILINE)


def _quoted(text: str) -> str:
    """Indent what `git mailinfo` would take for headers or for the end of the message, and quote what begins a mail."""
    text = BREAK_RE.sub(" ", re.sub(r"^(?=>*From )", ">", text, flags=re.MULTILINE))
    return f" {text}" if HEADER_RE.match(text) else text


def _mail(headers: Sequence[str], text: str, rest: bytes) -> bytes:
    """Put a mail together. Lines that end in CR are carried in base 64, so that no mail program takes the CR away."""
    body = CONTROL_KEPT_RE.sub("�", _quoted(text)).encode("utf-8", "replace") + b"\n" + rest
    is_safe = b"\r" not in body and b"\0" not in body
    encoding = "8bit" if is_safe else "base64"
    more = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=UTF-8", f"Content-Transfer-Encoding: {encoding}"]
    head = "\n".join([*headers, *more, "", ""]).encode()
    return SEPARATOR + head + (body if is_safe else base64.encodebytes(body))


CONTROL_KEPT_RE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


# The diff


START_RE = re.compile(rb"^(?:diff -|Index: |--- [^\n]*\n\+\+\+ [^\n]*\n@@ -)", re.MULTILINE)
CONTEXT_RE = re.compile(rb"^\*\*\* [^\n]*\n--- [^\n]*\n\*{15}", re.MULTILINE)
NAMES_RE = re.compile(rb"^--- ([^\n]*)\n\+\+\+ ([^\n]*)\n@@ -", re.MULTILINE)
CARRIAGE_RE = re.compile(rb"^(?:---|\+\+\+) [^\n]*\r$", re.MULTILINE)  # saved with CR LF throughout
OLD_PREFIXES = (b"a/", b'"a/', b"/dev/null")
NEW_PREFIXES = (b"b/", b'"b/', b"/dev/null")


def _diff(patch: Patch) -> tuple[bytes, str]:
    """Return the diff as received where git am can read it, else written anew; and what was done."""
    match = START_RE.search(patch.data)
    is_readable = patch.strip == 1 and _is_readable(patch.data) and not CARRIAGE_RE.search(patch.data)
    if match and (is_readable or _has_binary(patch)):
        diff = patch.data[match.start() :]
        diff = diff if diff.endswith(b"\n") else diff + b"\n"
        return re.sub(rb"^(?=From )", b">", diff, flags=re.MULTILINE), ""
    return unified(patch.files), "the paths of its diff were written for -p1"


def _is_readable(data: bytes) -> bool:
    """Whether every file of a diff is unified and has git's a/ and b/."""
    names = NAMES_RE.findall(data)
    prefixed = all(old.startswith(OLD_PREFIXES) and new.startswith(NEW_PREFIXES) for old, new in names)
    return prefixed and not CONTEXT_RE.search(data)


def _has_binary(patch: Patch) -> bool:
    return any(file.binary for file in patch.files)


def _diffstat(files: Sequence[FileDiff]) -> bytes:
    counts = [count_lines(file) for file in files]
    lines = [
        f" {_one_line(decode(file.path))} | {'binary' if file.binary else f'+{added} -{removed}'}\n"
        for file, (added, removed) in zip(files, counts, strict=True)
    ]
    added, removed = (sum(count[side] for count in counts) for side in (0, 1))
    total = f" {len(files)} file{'s' * (len(files) != 1)}, +{added} -{removed}\n"
    return "".join([*lines, total]).encode()


# The series


def _cover(collection: Collection, patches: Sequence[Patch], identity: str) -> bytes:
    date = collection.released or EPOCH
    width = len(str(len(patches)))
    list_ = [f"  {number:{width}}. {_subject(patch)[0]}" for number, patch in enumerate(patches, 1)]
    target = " ".join(filter(None, [collection.target.package, collection.target.version]))
    about = [
        "[portal: this cover letter was made by the portal; there was none]",
        *(["", _latin(collection.description).strip()] if collection.description else []),
        *(["", f"Applies to: {target}"] if target else []),
        *([f"Origin: {_one_line(collection.origin)}"] if collection.origin else []),
        "",
        *list_,
    ]
    subject = _numbered(_one_line(collection.title), 0, len(patches), max((p.version for p in patches), default=1))
    return _mail(_headers(OURS, date, subject, identity, ""), "\n".join(about), SIGNATURE)


def _boxed(mail: bytes) -> bytes:
    """Return a mail as a member of an mbox: its first line begins it, no other one does, an empty line ends it."""
    first, rest = (SEPARATOR, mail) if not mail.startswith(b"From ") else _first_line(mail)
    rest = MAIL_START_RE.sub(lambda match: b">" + match[0], rest)
    return first + rest.rstrip(b"\n") + b"\n\n"


def _first_line(mail: bytes) -> tuple[bytes, bytes]:
    first, _, rest = mail.partition(b"\n")
    return first + b"\n", rest


def _file_name(patch: Patch, number: int) -> str:
    """Return a name without surprises; a mail of an mbox gets its number first, so that names stay different."""
    name = patch.name.removesuffix(f".{patch.packing}") if patch.packing else patch.name
    if "#" in name:
        name = f"{number:04}-{name.replace('#', '-')}.patch"
    return "/".join(safe_name(part) for part in name.split("/"))


BLOCK_BYTES = 512


def _member(name: str, data: bytes, seconds: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), max(seconds, 0), 0o644
    return info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % BLOCK_BYTES)


GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"  # RFC 1952: deflate, no name, no time, slowest, unknown system


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    return GZIP_HEAD + packed + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
