"""Real repositories, built by git's own commands: any bytes, any shape, nothing of the machine's settings."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

EVIL = b"<script>alert('\"x\"')</script>"
ANN = b"Ann Author <ann@example.org>"
START = 1_700_000_000
FILE, PROGRAM, LINK, SUBMODULE = "100644", "100755", "120000", "160000"

Content = bytes | tuple[str, bytes] | None  # a file's bytes, (mode, bytes), or None: it goes away


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which git sees no settings of this machine."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_COMMITTER_NAME": "Con Committer",
        "GIT_COMMITTER_EMAIL": "con@example.org",
        "GIT_COMMITTER_DATE": f"{START} +0000",
        "GIT_AUTHOR_NAME": "Ann Author",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_AUTHOR_DATE": f"{START} +0000",
    }


def git(folder: Path, *arguments: str | bytes, stdin: bytes = b"", check: bool = True, **more: str) -> bytes:
    """Run git in a folder and return what it prints, without the newline at its end."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment(folder) | more, input=stdin, capture_output=True, timeout=120
    )
    if check and done.returncode:
        raise AssertionError(f"git {arguments!r} failed: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout.removesuffix(b"\n")


class Repository:
    """A bare repository whose commits are a minute apart, made of raw objects, so that any bytes can be in them."""

    def __init__(self, folder: Path, object_format: str = "sha1") -> None:
        self.folder = folder
        self.head = ""
        self.shas: dict[str, str] = {}
        self._minutes = 0
        self._blobs: dict[bytes, str] = {}
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}")

    def git(self, *arguments: str | bytes, stdin: bytes = b"", **more: str) -> str:
        """Run git here and return what it prints as text."""
        return git(self.folder, *arguments, stdin=stdin, **more).decode("utf-8", "surrogateescape")

    def blob(self, data: bytes) -> str:
        """Store a file's content."""
        if data not in self._blobs:
            self._blobs[data] = self.git("hash-object", "-w", "--stdin", stdin=data)
        return self._blobs[data]

    def commit(
        self,
        message: bytes | str,
        changes: Mapping[bytes | str, Content] | None = None,
        *,
        parents: Iterable[str] | None = None,
        author: bytes = ANN,
        date: str = "",
        headers: bytes = b"",
        name: str = "",
    ) -> str:
        """Commit `changes` to the first parent's tree; by default the parent is the last commit.

        A message that is text gets its newline. `name` is under which `shas` remembers the commit, by default the
        message's first line.
        """
        message = f"{message.rstrip()}\n".encode() if isinstance(message, str) else message
        parents = ([self.head] if self.head else []) if parents is None else list(parents)
        self._minutes += 1
        when = (date or f"{START + 60 * self._minutes} +0100").encode()
        text = b"tree %s\n" % self._tree(parents[0] if parents else "", changes or {}).encode()
        text += b"".join(b"parent %s\n" % parent.encode() for parent in parents)
        text += b"author %s %s\ncommitter Con Committer <con@example.org> %s\n%s\n" % (author, when, when, headers)
        options = ("-t", "commit", "-w", "--literally", "--stdin")
        self.head = self.git("hash-object", *options, stdin=text + message)
        self.shas[name or message.partition(b"\n")[0].decode("utf-8", "replace")] = self.head
        self.git("update-ref", "refs/heads/main", self.head)
        return self.head

    def _tree(self, parent: str, changes: Mapping[bytes | str, Content]) -> str:
        self.git("read-tree", parent) if parent else self.git("read-tree", "--empty")
        rows = b""
        for path, content in changes.items():
            path = path.encode() if isinstance(path, str) else path
            mode, data = content if isinstance(content, tuple) else (FILE, content)
            if data is None:
                rows += b"0 %s\t%s\0" % (b"0" * 40 if len(self.head) != 64 else b"0" * 64, path)
            else:
                blob = data.decode() if mode == SUBMODULE else self.blob(data)
                rows += b"%s %s\t%s\0" % (mode.encode(), blob.encode(), path)
        if rows:
            self.git("update-index", "-z", "--index-info", stdin=rows)
        return self.git("write-tree")

    def tag(self, name: str | bytes, target: str = "HEAD", message: bytes = b"") -> None:
        """Make an annotated tag, or without a message a lightweight one, of any object and name."""
        name = name.encode() if isinstance(name, str) else name
        kind = self.git("cat-file", "-t", target)
        sha = self.git("rev-parse", target)
        if message:
            text = f"object {sha}\ntype {kind}\ntag ".encode() + name
            text += f"\ntagger Tag Ger <tag@example.org> {START + 60 * self._minutes} +0100\n\n".encode() + message
            sha = self.git("hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=text)
        self.git("update-ref", b"refs/tags/" + name, sha)


def plain_repository(folder: Path) -> Repository:
    """A small history without anything odd: three commits, one release."""
    repository = Repository(folder)
    repository.commit("first", {"README": b"Hello.\n", "src/main.c": b"int main(void)\n{\n\treturn 0;\n}\n"})
    repository.commit(
        "main: return one\n\nBecause it is more.\n", {"src/main.c": b"int main(void)\n{\n\treturn 1;\n}\n"}
    )
    repository.tag("v1.0", message=b"Version 1.0\n")
    repository.commit("docs: say more\n", {"README": b"Hello, world.\n", "docs/more.txt": b"More.\n"})
    return repository


ODD_NAMES = (
    b"new\nline",
    b"tab\there",
    b'quote"s',
    b"back\\slash",
    b"trailing ",
    b" leading",
    b"index.html",
    b"-dash",
    b"caf\xe9 latin",
    "ünïcode".encode(),
    b"...",
    b"..like/..x",
    b"a b/c d.html",
    b"~p1.html",
    b"%2e%2e%2f",
    b"<b>bold&amp;.html",
    b"\xe2\x80\xaebidi.c",
    b"\x01control",
    b"con?query#hash",
    b"{{ jinja }}{% x %}",
    b"name with => arrow",
    b"long" + b"x" * 240,
)

MAIL_START = b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
IMG = b"\n<img src=x onerror=alert(1)>\n\n"
ODD_MESSAGES: dict[str, bytes] = {
    "markup": EVIL + b"\n\n" + EVIL + IMG + b"Signed-off-by: " + EVIL + b" <x@example.org>\n",
    "control": b"bell \x07 and escape \x1b[31m red\n\nback\x08space \x7f \x0b vertical \x0c form\n",
    "bidi": "bidi \u202e evil \u2066\n\nzero\u200bwidth \ufeff mark\n".encode(),
    "not UTF-8": b"caf\xe9 \xff\xfe\n\nbody \xc3\x28 \xed\xa0\x80\n",
    "a diff in the message": b"quotes a diff\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+evil\n",
    "an index line": b"quotes CVS\n\nIndex: foo\nmore text\n",
    "a dashed line": b"has a separator\n\nbefore\n---\nafter\n",
    "a dashed line with spaces": b"has a soft separator\n\nbefore\n---  \nafter\n",
    "a dashed name": b"has an old file line\n\nbefore\n--- foo\nafter\n",
    "four dashes": b"underlines\n\nHeading\n-------\ntext\n",
    "a dashed line and a diff": b"both\n\n---\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+evil\n",
    "a mail start": b"starts a mail\n\n" + MAIL_START + b"From: X <x@example.org>\n",
    "a mail start of old": b"starts a mail of old\n\nFrom someone Sat Jan  3 01:05:34 1996\nmore\n",
    "From in prose": b"prose\n\nFrom here on it is quiet.\n>From the quote.\n",
    "an inner From": b"inner from\n\nFrom: Else <else@example.org>\n\ntext\n",
    "an inner subject": b"inner subject\n\nsubject: another\n",
    "an inner date": b"inner date\n\nDate: yesterday\n\ntext\n",
    "inner patch": b"inner patch\n\n[PATCH] another subject\n",
    "a later From": b"later from\n\ntext\n\nFrom: Else <else@example.org>\n",
    "empty": b"",
    "white space alone": b"\n  \n",
    "no newline": b"no newline at the end",
    "two line subject": b"a subject\nof two lines\n\nbody\n",
    "leading empty lines": b"\n\nafter empty lines\n\nbody\n",
    "many empty lines": b"empty lines\n\n\n\nbody\n\n\nmore\n\n\n",
    "trailing spaces": b"trailing spaces  \n\nbody   \nmore\t\n",
    "indented": b"indented body\n\n    code\n\ttab\n",
    "spaces in the subject": b"two  spaces and a\ttab\n",
    "leading space": b" leads with a space\n",
    "carriage returns": b"with returns\r\n\r\nbody\r\n",
    "a bracket": b"[kexec] bracket\n",
    "two brackets": b"[a][b] c: brackets\n",
    "an open bracket": b"[open bracket\n",
    "a PATCH bracket": b"[PATCH v2] bracket\n",
    "a bracket inside": b"x86: [foo] inside\n",
    "a reply": b"Re: something\n",
    "a lower reply": b"re: something\n",
    "a colon": b": starts with a colon\n",
    "a revert": b'Revert "something"\n\nThis reverts commit 0123456.\n',
    "a long subject": b"long " + b"word " * 60 + b"end\n",
    "a long word": b"long" + b"w" * 1200 + b"\n",
    "a long subject in UTF-8": ("ü" * 90 + " wörter " * 20 + "end\n").encode(),
    "an encoded word": b"=?UTF-8?q?evil=3Cb=3E?= stays\n\n=?UTF-8?q?evil?=\n",
    "trailers": b"trailers\n\nbody\n\nFixes: 0123456 (\"x\")\nSigned-off-by: Ann <ann@example.org>\n",
    "a scissors line": b"scissors\n\nabove\n-- >8 --\nbelow\n",
    "a signature": b"signature\n\nbody\n-- \nsignature\n",
    "a comment": b"# not a comment\n\n# kept\n",
    "an only-space body line": b"subject\n\n \nbody\n",
    "NUL": b"before\0after\n\nbody\0more\n",
    "a MIME boundary": b"boundary\n\n--=_boundary\nContent-Type: text/plain\n\nx\n",
    "form feed ends": b"subject\n\nbody\x0c\nmore\x0b\n",
    "a quoted From": b"quoted from\n\n>From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n",
}  # fmt: skip

ODD_AUTHORS: dict[str, bytes] = {
    "markup": b'"<script>alert(1)</script>" <evil@example.org>',
    "quotes": b'O\'Brien "Q" & Sons <q@example.org>',
    "short": b"Bo <bo@example.org>",
    "one letter": b"B <b@example.org>",
    "long": b"L" * 61 + b" <long@example.org>",
    "sixty": b"L" * 60 + b" <sixty@example.org>",
    "no name": b" <noname@example.org>",
    "no mail": b"No Mail <>",
    "no at": b"No At <none>",
    "two ats": b"Two Ats <a@b@example.org>",
    "address as name": b"both@example.org <both@example.org>",
    "at in name": b"who@where <at@example.org>",
    "umlaut": "Jürgen Groß <juergen@example.org>".encode(),
    "latin": b"J\xfcrgen <j@example.org>",
    "dots": b"J. R. Dotted Jr. <dots@example.org>",
    "final dot": b"Final Dot. <dot@example.org>",
    "comma": b"Last, First <comma@example.org>",
    "comment": b"First (Nick) Last <comment@example.org>",
    "parentheses": b"(All Inside) <paren@example.org>",
    "backslash": b"Back\\slash Name <back@example.org>",
    "spaces": b"Two  Spaces <spaces@example.org>",
    "space in mail": b"Spacy Mail <a b@example.org>",
    "quoted mail": b'Quoted Mail <"a b"@example.org>',
    "markup in mail": b"Mail Markup <'\"&@example.org>",
    "bidi": "Bi\u202edi <bidi@example.org>".encode(),
    "control": b"Bell\x07Ringer <bell@example.org>",
    "encoded": b"=?UTF-8?q?A=3C?= <enc@example.org>",
    "bracket": b"[Bracket] Name <br@example.org>",
    "long umlaut": ("ü" * 31 + " <ulong@example.org>").encode(),
}

ODD_DATES: dict[str, str] = {
    "epoch": "0 +0000",
    "one": "1 +0000",
    "1971": "40000000 +0100",
    "1973": "100000000 -0330",
    "before 1970": "-86400 +0000",
    "2038": "2147483648 +0000",
    "2099": "4102444799 +0000",
    "2100": "4102444800 +0000",
    "2106": "4294967296 +0000",
    "3000": "32503680000 +0000",
    "far": "99999999999999 +0000",
    "too far": "18446744073709551615 +0000",
    "zone minus zero": "1700000000 -0000",
    "zone far": "1700000000 +1400",
    "zone odd": "1700000000 +0545",
    "zone out": "1700000000 +9999",
    "zone long": "1700000000 +051800",
    "zone missing": "1700000000",
    "nonsense": "yesterday noon",
}


def hostile_repository(folder: Path, object_format: str = "sha1") -> Repository:
    """Everything that is allowed to be in a repository and that nobody expects."""
    repository = Repository(folder, object_format)
    odd_contents(repository)
    _odd_names(repository)
    _odd_messages(repository)
    odd_merges(repository)
    _odd_references(repository)
    return repository


def odd_contents(repository: Repository) -> None:
    """Commit every kind of change to every kind of content."""
    lines = b"".join(b"line %d\n" % number for number in range(1, 41))
    commit = repository.commit
    commit("a root", {"a.c": b"/* a\n * comment */\nint a;\n", "lines.txt": lines, "run.sh": b"#!/bin/sh\necho\n"})
    commit("an empty commit")
    commit("mode only", {"run.sh": (PROGRAM, b"#!/bin/sh\necho\n")})
    commit("a symbolic link", {"link": (LINK, b"a.c"), "evil-link": (LINK, b"../../../../etc/passwd")})
    commit("link becomes file", {"link": b"a file now\n"})
    commit("file becomes link", {"link": (LINK, b"<b>\n")})
    commit("a submodule", {"sub": (SUBMODULE, b"1" * len(repository.head))})
    commit("submodule moves on", {"sub": (SUBMODULE, b"2" * len(repository.head))})
    commit("submodule becomes file", {"sub": b"no module\n"})
    commit("rename alone", {"lines.txt": None, "lines2.txt": lines})
    changed = lines.replace(b"line 20\n", b"line twenty\n")
    commit("rename and change", {"lines2.txt": None, "dir/lines3.txt": changed})
    commit("rename and mode", {"dir/lines3.txt": None, "lines4.txt": (PROGRAM, changed)})
    commit("a copy", {"copy.txt": (PROGRAM, changed)})
    commit("file becomes folder", {"copy.txt": None, "copy.txt/inner": changed + b"more\n"})
    commit("binary comes", {"logo.bin": bytes(range(256)) * 5})
    commit("binary changes", {"logo.bin": bytes(range(256)) * 5 + b"\0more"})
    commit("binary and text", {"logo.bin": b"\0small", "a.c": b"int b;\n"})
    commit("binary moves", {"logo.bin": None, "logo2.bin": (PROGRAM, b"\0small")})
    commit("binary goes", {"logo2.bin": None})
    commit("binary becomes text", {"x.bin": b"\0\1\2"})
    commit("now text", {"x.bin": b"text\n"})
    commit("no newline", {"open.txt": b"one\ntwo"})
    commit("no newline still", {"open.txt": b"one\nthree"})
    commit("newline comes", {"open.txt": b"one\nthree\n"})
    commit("newline goes", {"open.txt": b"one\nthree"})
    commit("an empty file", {"empty": b""})
    commit("the empty file goes", {"empty": None})
    commit("CRLF comes", {"dos.txt": b"one\r\ntwo\r\n"})
    commit("CRLF changes", {"dos.txt": b"one\r\ntwo two\r\n"})
    commit("CRLF becomes LF", {"dos.txt": b"one\ntwo two\n"})
    commit("a lone return", {"mac.txt": b"one\rtwo\rthree\n\r\n"})
    commit("return at the end", {"mac.txt": b"one\rtwo\r"})
    commit("form feeds", {"feed.c": b"int a;\n\x0c\nint b;\x0c\n\x0b\x1c\x85\xe2\x80\xa8x\n"})
    commit("not UTF-8 inside", {"latin.c": b'/* caf\xe9 \xff */\nchar *s = "<script>";\n'})
    commit("not UTF-8 changes", {"latin.c": b'/* caf\xe8 \xfe */\nchar *s = "</script>";\n'})
    commit("bidi inside", {"trojan.c": "/* \u202e } \u2066if (x)\u2069 \u2066 begin */\n".encode()})
    late = b"x" * 79 + b"\n"
    commit("a late NUL", {"late.txt": late * 120 + b"nul \0 here\n"})
    commit("a late NUL changes", {"late.txt": late * 120 + b"nul \0 there\n"})
    commit("a long line", {"long.js": b"var a = '" + b"<b>&" * 250_000 + b"';\n"})
    commit("many lines", {"many.c": b"".join(b"int value_%d = %d;\n" % (n, n) for n in range(20_000))})
    commit("many lines change", {"many.c": b"".join(b"int value_%d = %d;\n" % (n, n + n % 3) for n in range(20_000))})
    commit("many files", {f"many/{n % 40}/file{n}.txt": b"content %d\n" % (n % 7) for n in range(1500)})
    commit("many files go", {f"many/{n % 40}/file{n}.txt": None for n in range(1500)})
    commit("attributes", {
        ".gitattributes": b"* -diff\n*.c filter=evil ident text eol=crlf\n*.txt working-tree-encoding=UTF-16\n",
        "filtered.txt": b"$Id$\n", ".gitmodules": b"[submodule \"x\"]\n\tpath = sub\n\turl = ext::sh -c evil\n",
        "hooks/post-checkout": (PROGRAM, b"#!/bin/sh\ntouch /evil\n"),
    })  # fmt: skip
    commit("change under attributes", {"filtered.txt": b"$Id: evil$\n", "a.c": b"int c;\n"})
    commit("attributes go", {".gitattributes": None, ".gitmodules": None})
    commit(
        "a hunk like a mail",
        {"mail.txt": b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n--- a\n+++ b\n"},
    )
    commit("dashes go", {"mail.txt": b"-- \n"})


def _odd_names(repository: Repository) -> None:
    repository.commit("odd names come", {name: b"in " + name + b"\n" for name in ODD_NAMES})
    repository.commit("odd names change", {name: b"still in " + name + b"\n" for name in ODD_NAMES})
    moved = {b"moved/" + name: b"still in " + name + b"\n" for name in ODD_NAMES}
    repository.commit("odd names move", {**dict.fromkeys(ODD_NAMES), **moved})
    deep = "/".join(["deep" * 10] * 20)
    repository.commit("odd trees", {f"{deep}/file.c": b"deep\n", "index.html/index.html": b"x\n", "x/~p1.html": b"y\n"})


def _odd_messages(repository: Repository) -> None:
    number = 0

    def change() -> dict[str, bytes]:
        nonlocal number
        number += 1
        return {"counter": b"%d\n" % number}

    for name, message in ODD_MESSAGES.items():
        repository.commit(message, change(), name=f"message: {name}")
    for name, author in ODD_AUTHORS.items():
        repository.commit(f"author: {name}\n", change(), author=author)
    for name, date in ODD_DATES.items():
        repository.commit(f"date: {name}\n", change(), date=date)
    latin = "Grüße\n\nÄ ö.\n".encode("latin-1")
    author = "Jürgen Groß <j@example.org>".encode("latin-1")
    repository.commit(latin, change(), author=author, headers=b"encoding ISO-8859-1\n", name="latin-1")
    repository.commit(latin, change(), author=author, headers=b"encoding no-such\n", name="unknown encoding")
    signed = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\nodd header\n"
    repository.commit("signed\n", change(), headers=signed)
    victim = repository.commit("the victim of an imitation\n", change())
    start = (
        f"From {victim} Mon Sep 17 00:00:00 2001\nFrom: Else <e@example.org>\nSubject: [PATCH] forged\n\n---\n forged\n"
    )
    repository.commit(f"an imitation after\n\n{start}", change())
    # In one batch the imitator's mail also stands before its victim's when the victim is the child's sibling.
    repository.commit(f"an imitation again\n\n{start}", change())


def odd_merges(repository: Repository) -> None:
    """Commit merges of every kind."""
    commit = repository.commit
    base = commit("base", {"m.txt": b"one\ntwo\nthree\n"})
    left = commit("left", {"m.txt": b"ONE\ntwo\nthree\n"}, parents=[base])
    right = commit("right", {"m.txt": b"one\ntwo\nTHREE\n"}, parents=[base])
    third = commit("third", {"third.txt": b"3\n"}, parents=[base])
    clean = commit("a clean merge", {"m.txt": b"ONE\ntwo\nTHREE\n"}, parents=[left, right])
    octopus = commit("an octopus", {"m.txt": b"ONE\ntwo\nTHREE\n", "third.txt": b"3\n"}, parents=[left, right, third])
    conflict = commit("a conflict", {"m.txt": b"both\ntwo\n"}, parents=[clean, right])
    evil = commit("an evil merge", {"evil.txt": b"in no parent\n", "m.txt": b"neither\n"}, parents=[conflict, octopus])
    commit("a merge of nothing", {}, parents=[evil, base])
    head = repository.head
    second = commit("a second root", {"other.txt": b"other\n"}, parents=[])
    commit("a merge of roots", {"other.txt": b"other\n"}, parents=[head, second])
    commit("a merge that moves", {"m.txt": None, "m2.txt": b"neither\n"}, parents=[repository.head, left])


def _odd_references(repository: Repository) -> None:
    shas = repository.shas
    repository.tag("v1.0", shas["a root"], b"one\n")
    repository.tag("v1.1", shas["a submodule"])
    repository.tag("HEAD", shas["mode only"])
    repository.tag(
        b"v" + EVIL.replace(b"/", b"%").replace(b" ", b""), shas["no newline"], EVIL + b"\n\n" + EVIL + b"\n"
    )
    repository.tag("caf\xe9".encode("latin-1"), shas["CRLF comes"], b"\xff\n\n\xfe\x1b\n")
    repository.tag("index.html", shas["form feeds"])
    repository.tag("deep/er/name", shas["form feeds"], b"slashes\n")
    repository.tag("tree", f"{shas['a root']}^{{tree}}", b"a tag of a tree\n")
    repository.tag("blob", f"{shas['a root']}:a.c", b"a tag of a blob\n")
    repository.tag("light-blob", f"{shas['a root']}:a.c")
    repository.tag("tag-of-tag", "refs/tags/v1.0", b"a tag of a tag\n")
    repository.tag("empty-message", shas["a copy"], b"\n")
    repository.tag("v2.0-rc1", shas["base"])
    repository.git("update-ref", b"refs/heads/" + EVIL.replace(b"/", b"%"), shas["left"])
    repository.git("update-ref", b"refs/heads/-dash", shas["right"])
    repository.git("update-ref", "refs/heads/HEAD", shas["left"])
