import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from generator.errors import SourceError
from generator.model.mirrors import Tag
from generator.model.releases import SignatureState
from generator.sources.git import Mirror, read_tags
from generator.sources.signatures import check_signature, check_signatures
from tests.releases_world import git, hostile_repository, mirror_of, plain_repository

pytestmark = pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed: it makes the keys")
SSH = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"


class Keys:
    """A signer's key, made for the test alone."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self.gpg("--quick-generate-key", "Ada <ada@example.org>", "ed25519", "sign", "never")
        listing = self.gpg("--with-colons", "--list-keys").decode()
        self.fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))
        self.armoured = home / "public.asc"
        self.armoured.write_bytes(self.gpg("--armor", "--export"))
        self.binary = home / "public.gpg"
        self.binary.write_bytes(self.gpg("--export"))

    def gpg(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--passphrase", "", "--pinentry-mode"]
        return subprocess.run([*command, "loopback", *arguments], input=stdin, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory):
    # gpg's sockets have short names only
    made = Keys(tmp_path_factory.mktemp("g") / "h")
    yield made
    subprocess.run(["gpgconf", "--homedir", str(made.home), "--kill", "all"], capture_output=True, check=False)


def put_tag(repository: Path, name: str, signer, *, ref: str = "", change: str = "", kind: str = "commit") -> None:
    """Write a tag object with what `signer` makes of its payload; `change` is put to the message afterwards."""
    target = git(repository, "rev-parse", "HEAD")
    payload = f"object {target}\ntype {kind}\ntag {name}\ntagger Ada <ada@example.org> 1600000000 +0000\n\nmessage\n"
    signature = signer(payload.encode())
    data = payload.replace("message", "message" + change).encode() + signature
    made = git(repository, "hash-object", "-t", "tag", "-w", "--literally", "--stdin", stdin=data)
    git(repository, "update-ref", f"refs/tags/{ref or name}", made)


@pytest.fixture(scope="module")
def mirror(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    repository = plain_repository(tmp_path_factory.mktemp("signatures") / "plain")

    def sign(payload: bytes) -> bytes:
        return keys.gpg("--armor", "--detach-sign", stdin=payload)

    put_tag(repository, "good", sign)
    put_tag(repository, "changed", sign, change="!")
    put_tag(repository, "old", sign, ref="new")
    put_tag(repository, "ssh", lambda _: SSH.encode())
    put_tag(repository, "x509", lambda _: b"-----BEGIN SIGNED MESSAGE-----\nMIA\n-----END SIGNED MESSAGE-----\n")
    put_tag(repository, "garbage", lambda _: b"-----BEGIN PGP SIGNATURE-----\n\n\x00<b>\n")
    put_tag(
        repository, "quoted", lambda payload: b"> \n-----BEGIN PGP SIGNATURE-----\n" + sign(payload + b"> \n-----BEGIN")
    )
    return mirror_of(repository)


def check(mirror: Mirror, name: str, keyring: object = "") -> SignatureState:
    return check_signature(mirror, tag_of(mirror, name), str(keyring))


def tag_of(mirror: Mirror, name: str) -> Tag:
    return next(item for item in read_tags(mirror) if item.name == name)


@pytest.mark.parametrize("form", ["armoured", "binary"])
def test_a_signature_by_a_key_of_the_keyring_is_verified(mirror, keys, form):
    assert check(mirror, "good", getattr(keys, form)) == SignatureState(
        verdict="verified", key=keys.fingerprint, signer="Ada <ada@example.org>"
    )


def test_without_a_keyring_the_key_is_named(mirror, keys):
    assert check(mirror, "good") == SignatureState(
        verdict="unverified", reason="no keyring is configured", key=keys.fingerprint
    )


def test_a_key_that_is_not_in_the_keyring_is_named(mirror, keys, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert check(mirror, "good", tmp_path / "empty") == SignatureState(
        verdict="unverified", reason="its key is not in the keyring", key=keys.fingerprint
    )


def test_a_tag_that_was_changed_is_bad(mirror, keys):
    state = check(mirror, "changed", keys.binary)
    assert (state.verdict, state.reason) == ("bad", "the tag is not what was signed")


def test_an_old_tag_under_a_new_name_is_bad_although_its_signature_holds(mirror, keys):
    assert check(mirror, "new", keys.binary).verdict == "bad"


@pytest.mark.parametrize(("name", "word"), [("ssh", "an SSH signature"), ("x509", "an X.509 signature")])
def test_other_kinds_of_signature_are_said_not_to_be_checked(mirror, keys, name, word):
    assert check(mirror, name, keys.binary) == SignatureState(
        verdict="unverified", reason=f"it is {word}, which is not checked here"
    )


@pytest.mark.parametrize("name", ["garbage", "quoted"])
def test_a_signature_that_cannot_be_read_is_not_verified(mirror, keys, name):
    assert check(mirror, name, keys.binary).verdict in ("unverified", "bad")


@pytest.mark.parametrize("name", ["v1.101", "v2.0-rc1"])
def test_annotated_and_lightweight_tags_without_signature_have_none(mirror, name):
    assert check(mirror, name) == SignatureState(verdict="none")


def test_hostile_tags_have_none(tmp_path):
    mirror = mirror_of(hostile_repository(tmp_path / "hostile"))
    assert {check_signature(mirror, item, "").verdict for item in read_tags(mirror)} == {"none"}


def test_a_keyring_that_is_not_there_is_one_line(mirror):
    with pytest.raises(SourceError, match=r"^nothing\.asc: the keyring cannot be read: No such file or"):
        check(mirror, "good", "/nonexistent/nothing.asc")


@pytest.mark.parametrize("armour", ["\nabcde\n=abcd\n", "abcd\n", "\n\0\n"])
def test_a_keyring_with_broken_armour_is_one_line(mirror, tmp_path, armour):
    broken = tmp_path / "keys.asc"
    broken.write_text(f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n{armour}-----END PGP PUBLIC KEY BLOCK-----\n")
    with pytest.raises(SourceError, match=r"^keys\.asc: the armour of its keys is broken: export the keys again$"):
        check(mirror, "good", broken)


def test_without_gpgv_it_says_so_and_remembers_nothing(mirror, keys, tmp_path, monkeypatch):
    tags = [tag_of(mirror, "good")]
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git"))
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(folder))
        states = check_signatures(mirror, tags, str(keys.binary), kept=tmp_path / "kept.json")
    assert states["good"] == SignatureState(verdict="unverified", reason="gpgv is not installed here")
    states = check_signatures(mirror, tags, str(keys.binary), kept=tmp_path / "kept.json")
    assert states["good"].verdict == "verified"


def test_answers_are_kept_for_this_tag_object_and_this_keyring(mirror, keys, tmp_path):
    kept = tmp_path / "kept.json"
    tag = tag_of(mirror, "good")
    first = check_signatures(mirror, [tag], str(keys.binary), kept=kept)
    gone = Mirror(tmp_path / "gone")  # whoever asked it again would fail
    assert check_signatures(gone, [tag], str(keys.binary), kept=kept) == first
    for other, keyring in ((tag, ""), (replace(tag, target="0" * 40), str(keys.binary))):
        with pytest.raises(SourceError):
            check_signatures(gone, [other], keyring, kept=kept)


def test_kept_answers_that_cannot_be_read_are_asked_again(mirror, tmp_path):
    (tmp_path / "kept.json").write_text('{"x": {"verdict": "verified", "evil": 1}}')
    states = check_signatures(mirror, read_tags(mirror), "", kept=tmp_path / "kept.json")
    assert states["v1.101"].verdict == "none"
