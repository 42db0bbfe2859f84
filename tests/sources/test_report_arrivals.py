"""When reports came and who signed, read from real commits; hostile names change nothing."""

import pytest
from submissions_world import named, report, ssh_key
from world import Repository, git

from generator.errors import SourceError
from generator.model.report_sources import Arrival
from generator.sources.git import Mirror
from generator.sources.report_arrivals import kept_arrivals, load_arrivals, read_signers

FIRST, SECOND, THIRD = (named(report(kernel=f"6.{minor}")) for minor in range(3))


def arrivals(repository, tmp_path, below="", signers=""):
    return load_arrivals(
        Mirror(repository.folder), "refs/heads/main", below=below, signers=signers, kept=tmp_path / "kept"
    )


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "r.git")


def committed(repository, sha):
    return int(repository.git("show", "-s", "--format=%ct", sha))


def test_the_first_commit_that_added_a_report_counts(repository, tmp_path):
    one = repository.commit("one", {FIRST[0]: FIRST[1]})
    two = repository.commit("two", {SECOND[0]: SECOND[1], "README": b"x"})
    repository.commit("gone", {FIRST[0]: None})
    repository.commit("again", {FIRST[0]: FIRST[1]})
    found = arrivals(repository, tmp_path)
    assert found == {
        FIRST[0]: Arrival(committed(repository, one), ""),
        SECOND[0]: Arrival(committed(repository, two), ""),
    }
    assert kept_arrivals(tmp_path / "kept") == found


def test_only_new_commits_are_read_and_another_history_anew(repository, tmp_path):
    repository.commit("one", {FIRST[0]: FIRST[1]})
    first = arrivals(repository, tmp_path)
    kept = tmp_path / "kept"
    kept.write_text(kept.read_text("utf-8").replace(FIRST[0], SECOND[0]), "utf-8")
    repository.commit("two", {THIRD[0]: THIRD[1]})
    assert set(arrivals(repository, tmp_path)) == {SECOND[0], THIRD[0]}  # what was kept is not asked for again
    repository.commit("another", {FIRST[0]: FIRST[1]}, parents=[])
    assert set(arrivals(repository, tmp_path)) == set(first)


def test_a_folder_of_the_repository_is_looked_at(repository, tmp_path):
    repository.commit("one", {f"content/reports/{FIRST[0]}": FIRST[1], SECOND[0]: SECOND[1]})
    assert set(arrivals(repository, tmp_path, below="content/reports")) == {FIRST[0]}


def test_no_name_of_a_file_is_taken_for_a_commit(repository, tmp_path):
    sha = repository.commit("one", {FIRST[0]: FIRST[1]})
    signers = tmp_path / "signers"
    signers.write_text("", "utf-8")
    forged = {
        f"{'0' * 40}\n1\nG\nSHA256:evil/x".encode(): b"1",
        b":000000 100644 x y A": b"2",
        b"\n" + sha.encode(): b"3",
        f"zz/{THIRD[0]}".encode(): b"4",
        "bidi\u202e/x".encode(): b"5",
        b"\xff\xfe": b"6",
    }
    repository.commit("two", {**forged, SECOND[0]: SECOND[1]})
    found = arrivals(repository, tmp_path, signers=str(signers))
    assert set(found) == {FIRST[0], SECOND[0]}
    assert {one.fingerprint for one in found.values()} == {""}


def test_a_good_signature_of_a_known_key_is_told(tmp_path):
    repository = Repository(tmp_path / "r.git")
    repository.commit("one", {FIRST[0]: FIRST[1]})
    known, public = ssh_key(tmp_path, "known")
    unknown, _ = ssh_key(tmp_path, "unknown")
    for key, (path, data) in ((known, SECOND), (unknown, THIRD)):
        unsigned = repository.commit("next", {path: data})
        signed = git(
            repository.folder, "-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "commit-tree", "-S",
            "-p", f"{unsigned}^", "-m", "signed", f"{unsigned}^{{tree}}",
        ).decode()  # fmt: skip
        repository.git("update-ref", "refs/heads/main", signed)
        repository.head = signed
    signers = tmp_path / "signers"
    signers.write_text(f"lab {public} the lab's bot\n", "utf-8")
    found = arrivals(repository, tmp_path, signers=str(signers))
    (signer,) = read_signers(str(signers))
    assert {path: one.fingerprint for path, one in found.items()} == {
        FIRST[0]: "", SECOND[0]: signer.fingerprint, THIRD[0]: ""
    }  # fmt: skip
    signers.write_text("", "utf-8")  # another question: everything is looked at anew
    assert {one.fingerprint for one in arrivals(repository, tmp_path, signers=str(signers)).values()} == {""}


def test_a_signature_that_was_moved_to_another_commit_is_none(tmp_path):
    repository = Repository(tmp_path / "r.git")
    key, public = ssh_key(tmp_path, "key")
    repository.commit("one", {FIRST[0]: FIRST[1]})
    signed = git(
        repository.folder, "-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "commit-tree", "-S", "-m", "x",
        "HEAD^{tree}",
    ).decode()  # fmt: skip
    whole = repository.git("cat-file", "commit", signed)
    signature = whole[whole.index("gpgsig") : whole.index("\n\nx")] + "\n"
    repository.commit("two", {SECOND[0]: SECOND[1]}, headers=signature.encode())
    signers = tmp_path / "signers"
    signers.write_text(f"lab {public}\n", "utf-8")
    assert arrivals(repository, tmp_path, signers=str(signers))[SECOND[0]].fingerprint == ""


def test_a_branch_that_is_not_there_is_said(repository, tmp_path):
    with pytest.raises(SourceError):
        arrivals(repository, tmp_path)


def test_a_file_of_signers_that_is_not_there_is_said(repository, tmp_path):
    repository.commit("one", {FIRST[0]: FIRST[1]})
    with pytest.raises(SourceError, match="none: cannot be read: put the file of allowed signers there"):
        arrivals(repository, tmp_path, signers=str(tmp_path / "none"))
