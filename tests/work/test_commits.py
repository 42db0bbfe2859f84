"""What is said about every commit of the hostile repository, compared with what git itself does."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from world import Repository, environment, git, odd_contents, odd_merges

from generator.errors import ParseError
from generator.model.commits import Commit, CommitRecord
from generator.output.cache import open_cache
from generator.parse.diff import parse_diff
from generator.sources.git import Mirror, read_commits
from generator.work.commits import examine, unpack_record
from generator.work.keys import diff_key, patch_key, plain_diff_key, record_key

OPTION_RE = re.compile(r"git am (--[a-z=-]+)")
BY_DIFF = "use the .diff with git apply"


class Examined:
    """A repository's commits, examined, and a work tree to try the patches in."""

    def __init__(self, repository: Repository, folder: Path) -> None:
        self.mirror = Mirror(repository.folder)
        self.commits = tuple(read_commits(self.mirror))
        with open_cache(folder / "work.sqlite") as cache:
            assert examine(self.mirror, self.commits, cache, lambda done, todo: None) == len(self.commits)
            assert examine(self.mirror, self.commits, cache, lambda done, todo: None) == 0
            self.kept = cache.get_all("")
        self.tree = folder / "tree"
        self.tree.mkdir()
        git(self.tree, "init", "--quiet", f"--object-format={repository.git('rev-parse', '--show-object-format')}")
        alternates = self.tree / ".git/objects/info/alternates"
        alternates.write_text(f"{repository.folder / 'objects'}\n", "utf-8")

    def record(self, commit: Commit) -> CommitRecord:
        return unpack_record(self.kept[record_key(commit.sha)])

    def plain(self) -> list[Commit]:
        """Return the commits that have a patch."""
        return [commit for commit in self.commits if not commit.is_merge]

    def stand_on_parent(self, commit: Commit) -> None:
        git(self.tree, "am", "--abort", check=False)
        if commit.parents:
            git(self.tree, "checkout", "--quiet", "--force", "--detach", commit.parents[0])
        else:
            git(self.tree, "symbolic-ref", "HEAD", f"refs/heads/before-{commit.sha}")
            git(self.tree, "read-tree", "--empty")
        git(self.tree, "clean", "--quiet", "-ffdx")

    def am(self, commit: Commit, *options: str) -> list[bytes]:
        """Apply the patch that the site gives away; return what came out, nothing when git refused it."""
        self.stand_on_parent(commit)
        mail = self.tree.with_name("mail.patch")
        mail.write_bytes(self.kept[patch_key(commit.sha)])
        command = ["git", "am", "--quiet", *options, str(mail)]
        done = subprocess.run(command, cwd=self.tree, env=environment(self.tree), capture_output=True)
        return self.look("HEAD") if done.returncode == 0 else []

    def apply(self, commit: Commit) -> bytes:
        """Apply the bare diff and return the tree."""
        self.stand_on_parent(commit)
        git(self.tree, "apply", "--index", "--binary", "-", stdin=self.kept[plain_diff_key(commit.sha)])
        return git(self.tree, "write-tree")

    def look(self, revision: str) -> list[bytes]:
        """Return tree, author, encoding and message."""
        form = "--format=%T%x00%an%x00%ae%x00%ad%x00%e%x00%B"
        return git(self.tree, "log", "-1", "--date=raw", form, revision, "--").split(b"\0", 5)


@pytest.fixture(scope="module")
def examined(hostile: Repository, tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return Examined(hostile, tmp_path_factory.mktemp("examined"))


def test_every_patch_of_the_hostile_repository_gives_its_commits_tree(examined: Examined) -> None:
    verdicts = {commit.subject: examined.record(commit).verification for commit in examined.plain()}
    assert {found.verdict for found in verdicts.values()} == {"verified", "lossy"}
    assert all(examined.record(commit).verification.tree == commit.tree for commit in examined.plain())


def test_git_am_restores_all_of_a_verified_commit_and_not_all_of_a_lossy_one(examined: Examined) -> None:
    wrong = []
    for commit in examined.plain():
        found = examined.record(commit).verification
        is_restored = examined.am(commit) == examined.look(commit.sha)
        if is_restored != (found.verdict == "verified"):
            wrong.append((commit.subject, found.verdict, found.notes))
    assert wrong == []


def test_the_options_that_the_notes_name_give_the_tree(examined: Examined) -> None:
    wrong = []
    for commit in examined.plain():
        notes = " ".join(examined.record(commit).verification.notes)
        if notes and BY_DIFF not in notes:
            result = examined.am(commit, *OPTION_RE.findall(notes))
            if result[:1] != [commit.tree.encode()]:
                wrong.append((commit.subject, notes, result[:1]))
    assert wrong == []


def test_a_loss_with_no_other_note_than_an_option_is_mended_by_it(examined: Examined) -> None:
    wrong = []
    for commit in examined.plain():
        notes = examined.record(commit).verification.notes
        is_mendable = all(OPTION_RE.search(note) and "ignore-date" not in note for note in notes)
        options = OPTION_RE.findall(" ".join(notes))
        if notes and is_mendable and examined.am(commit, *options) != examined.look(commit.sha):
            wrong.append((commit.subject, notes))
    assert wrong == []


def test_every_bare_diff_applies(examined: Examined) -> None:
    wrong = [
        commit.subject
        for commit in examined.plain()
        if examined.kept[plain_diff_key(commit.sha)] and examined.apply(commit) != commit.tree.encode()
    ]
    assert wrong == []


def test_a_bundle_brings_a_merge_to_a_clone_that_has_its_parents(examined: Examined, tmp_path: Path) -> None:
    merges = [commit for commit in examined.commits if commit.is_merge]
    assert len(merges) >= 7
    source = examined.mirror.folder
    for number, commit in enumerate(merges):
        clone = tmp_path / str(number)
        git(tmp_path, "init", "--quiet", "--bare", str(clone))
        names = [f"{parent}:refs/heads/p{at}" for at, parent in enumerate(commit.parents)]
        git(clone, "-c", "uploadpack.allowAnySHA1InWant=true", "fetch", "--quiet", str(source), *names)
        bundle = tmp_path / f"{number}.bundle"
        bundle.write_bytes(examined.kept[plain_diff_key(commit.sha)])
        git(clone, "bundle", "verify", "--quiet", str(bundle))
        git(clone, "fetch", "--quiet", str(bundle), "+refs/heads/*:refs/heads/*")
        assert git(clone, "rev-parse", f"refs/heads/merge-{commit.sha[:12]}^{{tree}}") == commit.tree.encode()
        git(clone, "fsck", "--connectivity-only")


def test_a_mail_that_imitates_another_fools_nobody(examined: Examined, hostile: Repository) -> None:
    for commit in examined.plain():
        mail = examined.kept[patch_key(commit.sha)]
        assert mail.startswith(f"From {commit.sha} Mon Sep 17 00:00:00 2001\n".encode())
        assert mail.endswith(examined.kept[plain_diff_key(commit.sha)])
    victim = examined.kept[patch_key(hostile.shas["the victim of an imitation"])]
    assert b"imitation after" not in victim
    assert b"forged" not in victim


def test_a_mail_is_what_format_patch_prints_for_the_commit_alone(examined: Examined, hostile: Repository) -> None:
    for name in ("mode only", "an empty commit", "a root", "many files", "binary changes", "odd names come"):
        sha = hostile.shas[name]
        options = ("--stdout", "-1", "--root", "--always", "--full-index", "--binary", "--no-signature", "-M")
        assert examined.kept[patch_key(sha)] == git(hostile.folder, "format-patch", *options, sha) + b"\n"


def test_the_html_of_a_diff_is_valid_utf_8_and_holds_no_markup_of_the_repository(examined: Examined) -> None:
    pages = [body.decode() for key, body in examined.kept.items() if "/html/" in key]
    assert pages
    assert not [page for page in pages if "<script" in page or "<img" in page]


def test_what_is_kept_is_the_same_in_another_batch_and_after_repacking(hostile: Repository, tmp_path: Path) -> None:
    copy = Repository(tmp_path / "copy.git")
    copy.git("fetch", "--quiet", str(hostile.folder), "+refs/heads/main:refs/heads/main")
    copy.git("repack", "-adfq", "--window=250", "--depth=50")
    commits = tuple(read_commits(Mirror(copy.folder), ("main",)))
    results = []
    for number, (repository, chosen) in enumerate([(hostile, commits), (copy, commits[::-1])]):
        with open_cache(tmp_path / f"{number}.sqlite") as cache:
            examine(Mirror(repository.folder), chosen, cache, lambda done, todo: None)
            results.append({key: hashlib.sha256(body).hexdigest() for key, body in cache.get_all("").items()})
    assert results[0] == results[1]


def test_a_repository_of_sha256_verifies_too(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "long.git", "sha256")
    odd_contents(repository)
    odd_merges(repository)
    examined = Examined(repository, tmp_path)
    assert all(examined.record(commit).verification.tree == commit.tree for commit in examined.plain())
    assert all(
        diff_key(commit.sha, 1) in examined.kept for commit in examined.plain() if examined.record(commit).changes
    )


def test_a_patch_that_does_not_give_the_tree_is_called_failed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "short.git")
    repository.commit("one", {"a": b"a\n" * 9, "logo": b"\0one"})
    sha = repository.commit("two", {"a": b"a\n" * 8 + b"b\n", "logo": b"\0two"})
    commit = next(commit for commit in read_commits(Mirror(repository.folder)) if commit.sha == sha)
    wrong = Commit(**{name: getattr(commit, name) for name in Commit.__dataclass_fields__} | {"tree": "0" * 40})
    with open_cache(tmp_path / "work.sqlite") as cache:
        examine(Mirror(repository.folder), [wrong], cache, lambda done, todo: None)
        assert unpack_record(cache.get(record_key(sha))).verification.verdict == "failed"


@pytest.mark.slow
def test_two_hundred_thousand_lines_are_examined_in_seconds(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "big.git")
    repository.commit("big", {"big.c": b"".join(b"int value_%d = %d;\n" % (n, n) for n in range(200_000))})
    examined = Examined(repository, tmp_path)
    assert examined.record(examined.commits[0]).verification.verdict == "verified"
    assert examined.record(examined.commits[0]).changes[0].added == 200_000


def test_a_diff_that_cannot_be_read_is_shown_as_it_is_and_costs_no_other_commit(tmp_path, monkeypatch):
    folder = tmp_path / "tools"
    git(tmp_path, "init", "--quiet", str(folder))
    for text in ("one", "two"):
        (folder / "file").write_text(f"{text}\n", "utf-8")
        git(folder, "add", "file")
        git(folder, "commit", "--quiet", "-m", text)
    commits = tuple(read_commits(Mirror(folder / ".git")))

    def parse(data, *, source, start=0):
        if source == commits[0].sha:
            raise ParseError(source, 1, "a form of diff that is not known yet")
        return parse_diff(data, source=source, start=start)

    monkeypatch.setattr("generator.work.commits.parse_diff", parse)
    with open_cache(tmp_path / "work.sqlite") as cache:
        examine(Mirror(folder / ".git"), commits, cache, lambda done, todo: None)
        records = [unpack_record(cache.get(record_key(commit.sha))) for commit in commits]
        shown = cache.get(diff_key(commits[0].sha, 1)).decode()
        assert b"+two" in cache.get(patch_key(commits[0].sha))
        assert b"+two" in cache.get(plain_diff_key(commits[0].sha))
    assert [record.verification.verdict for record in records] == ["failed", "verified"]
    assert "not known yet" in records[0].verification.notes[0]
    assert "+two" in shown
