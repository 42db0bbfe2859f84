"""Reports of others brought here from real git servers, folders and web servers: what does not hold stays out."""

import hashlib
import json
from pathlib import Path

import pytest
import web_world
from git_servers import bare, smart_http
from submissions_world import named, put, report, ssh_key
from world import Repository

from generator.errors import SourceError
from generator.model.report_sources import ReportSource
from generator.sources.branch import Signature
from generator.sources.remotes import find_remote
from generator.sources.report_arrivals import kept_arrivals
from generator.sources.report_pull import Pulled, arrivals_file, pull_source, pulled_folder
from generator.sources.report_push import push_reports

TOKEN = "s3cret-tok3n"


def source(kind: str, address: object, **more: object) -> ReportSource:
    branch = "reports" if kind == "git" else ""
    said = {"name": "lab", "origins": ("lab",), "branch": branch} | more
    return ReportSource(kind=kind, address=str(address), **said)


def pull(folder: Path, one: ReportSource) -> Pulled:
    return pull_source(one, folder / "cache", base=folder, progress=lambda _: None)


def here(folder: Path, one: ReportSource) -> set[str]:
    top = pulled_folder(folder / "cache", one)
    return {file.relative_to(top).as_posix() for file in top.rglob("*") if file.is_file()}


def push(where: object, *reports, key: str = "") -> None:
    remote = find_remote(str(where), folder=Path("/"), environment={})
    files = dict(map(named, reports))
    push_reports(
        remote, "reports", files, signature=Signature(key=key), patience_s=30, progress=lambda _: None
    )  # fmt: skip


def test_a_branch_is_pulled_and_followed(tmp_path):
    repository, lab = bare(tmp_path / "r.git"), source("git", "r.git")
    push(repository, report(kernel="6.1"), report(kernel="6.2"))
    assert pull(tmp_path, lab) == Pulled(name="lab", new=2, known=0, removed=0, problems=())
    push(repository, report(kernel="6.3"))
    assert pull(tmp_path, lab) == Pulled(name="lab", new=1, known=2, removed=0, problems=())
    assert here(tmp_path, lab) == {named(report(kernel=f"6.{minor}"))[0] for minor in (1, 2, 3)}
    assert set(kept_arrivals(arrivals_file(tmp_path / "cache", "lab"))) == here(tmp_path, lab)


def test_what_the_branch_no_longer_has_goes(tmp_path):
    repository, lab = Repository(tmp_path / "r.git"), source("git", "r.git", branch="main")
    keep, drop = named(report(kernel="6.1")), named(report(kernel="6.2"))
    repository.commit("two", dict([keep, drop]))
    pull(tmp_path, lab)
    repository.commit("pruned", {drop[0]: None})
    assert pull(tmp_path, lab).removed == 1
    assert here(tmp_path, lab) == {keep[0]}


def test_what_was_pulled_stays_when_the_branch_cannot_be_reached(tmp_path):
    repository, lab = bare(tmp_path / "r.git"), source("git", "r.git")
    push(repository, report())
    pull(tmp_path, lab)
    repository.rename(tmp_path / "elsewhere.git")
    with pytest.raises(SourceError, match=r"lab: .* the branch reports cannot be fetched"):
        pull(tmp_path, lab)
    assert len(here(tmp_path, lab)) == 1


def test_hostile_files_of_a_branch_stay_out_and_hide_nothing(tmp_path):
    repository, lab = Repository(tmp_path / "r.git"), source("git", "r.git", branch="main")
    good, forged, foreign = named(report()), named(report(origin="redhat")), named(report(origin="evil"))
    spaced = named(report(kernel="6.9"))[1].replace(b":", b": ")
    huge = b" " * (5 << 20)
    names = {data: hashlib.sha256(data).hexdigest() for data in (spaced, huge)}
    repository.commit(
        "hostile",
        {
            good[0]: good[1],
            f"lab/{forged[0].partition('/')[2]}": forged[1],  # says another origin than its folder
            foreign[0]: foreign[1],  # speaks where it may not
            f"lab/{'0' * 64}.json": good[1],  # another name than its bytes
            f"lab/{names[spaced]}.json": spaced,
            f"lab/{names[huge]}.json": huge,
            f"lab/{'1' * 64}.json": ("120000", b"/etc/passwd"),
            b"lab/\n\x1b[31m.json": b"{}",
            b"../outside.json": b"{}",
            "README.md": b"# about\n",
        },
    )
    pulled = pull(tmp_path, lab)
    assert (pulled.new, here(tmp_path, lab)) == (1, {good[0]})
    text = "\n".join(pulled.problems)
    assert len(pulled.problems) == 6 and "\x1b" not in text
    for reason in (
        "a forged origin",
        "evil may not speak here",
        "not those of its name",
        "canonical",
        "no file, or larg",
    ):
        assert reason in text, reason
    assert not (tmp_path / "cache" / "outside.json").exists()


def test_a_private_branch_is_pulled_with_a_token_that_is_kept_nowhere(tmp_path, monkeypatch):
    push(bare(tmp_path / "r.git"), report())
    monkeypatch.setenv("KDUMP_PORTAL_TOKEN_LAB", TOKEN)
    monkeypatch.setenv("KDUMP_PORTAL_USER_LAB", "ci-bot")
    with smart_http(tmp_path, TOKEN) as web:
        lab = source("git", f"{web.address}/r.git")
        assert pull(tmp_path, lab).new == 1
        monkeypatch.setenv("KDUMP_PORTAL_TOKEN_LAB", "another")
        with pytest.raises(SourceError) as raised:
            pull(tmp_path, lab)
    assert "another" not in str(raised.value)
    holding = [
        file for file in (tmp_path / "cache").rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()
    ]
    assert holding == []


def test_no_source_gets_the_token_of_another(tmp_path, monkeypatch):
    push(bare(tmp_path / "r.git"), report())
    monkeypatch.setenv("KDUMP_PORTAL_TOKEN", TOKEN)
    monkeypatch.setenv("KDUMP_PORTAL_TOKEN_OTHER", TOKEN)
    with smart_http(tmp_path) as web:
        assert pull(tmp_path, source("git", f"{web.address}/r.git")).new == 1
        assert {said for _, said in web.requests} == {""}


def test_signers_are_told(tmp_path):
    key, public = ssh_key(tmp_path, "key")
    (tmp_path / "signers").write_text(f"lab {public}\n", "utf-8")
    repository = bare(tmp_path / "r.git")
    push(repository, report(kernel="6.1"), key=str(key))
    push(repository, report(kernel="6.2"))
    lab = source("git", "r.git", signers=str(tmp_path / "signers"))
    pull(tmp_path, lab)
    arrivals = kept_arrivals(arrivals_file(tmp_path / "cache", "lab"))
    signed, unsigned = (arrivals[named(report(kernel=f"6.{minor}"))[0]].fingerprint for minor in (1, 2))
    assert signed.startswith("SHA256:") and unsigned == ""


def test_a_folder_is_pulled(tmp_path):
    lab = source("folder", "theirs")
    with pytest.raises(SourceError, match="theirs: no such folder"):
        pull(tmp_path, lab)
    put(tmp_path / "theirs", report(), report(origin="evil"))
    pulled = pull(tmp_path, lab)
    assert (pulled.new, here(tmp_path, lab)) == (1, {named(report())[0]})
    assert "evil may not speak here" in pulled.problems[0]


def entry(one, url: str = "") -> dict[str, str]:
    path, data = named(one)
    return {"url": url or f"files/{path}", "sha256": hashlib.sha256(data).hexdigest()}


def test_an_index_is_pulled_and_only_what_is_new_is_fetched(tmp_path):
    ours = [report(kernel=f"6.{minor}") for minor in range(3)]
    with web_world.serve() as web:
        lab = source("index", f"{web.address}/index.json")
        web.files |= {f"/files/{path}": data for path, data in map(named, ours)}
        web.files["/index.json"] = json.dumps(list(map(entry, ours[:2]))).encode()
        assert pull(tmp_path, lab).new == 2
        web.files["/index.json"] = json.dumps(list(map(entry, ours[1:]))).encode()
        assert pull(tmp_path, lab) == Pulled(name="lab", new=1, known=1, removed=1, problems=())
        assert web.asked(f"/files/{named(ours[1])[0]}") == 1
    assert here(tmp_path, lab) == {named(one)[0] for one in ours[1:]}


def test_an_index_cannot_lead_elsewhere_nor_give_other_bytes(tmp_path):
    other, forged = report(kernel="6.9"), report(origin="evil")
    with web_world.serve() as web:
        lab = source("index", f"{web.address}/index.json")
        path, data = named(report())
        web.files |= {f"/files/{path}": data, f"/files/{named(forged)[0]}": named(forged)[1]}
        web.files[f"/files/{named(other)[0]}"] = data
        wrong = [
            entry(report(kernel="6.7"), "http://127.0.0.2/x.json"),
            entry(report(kernel="6.7"), "//example.org/x.json"),
            entry(report(kernel="6.7"), "file:///etc/passwd"),
            entry(report(kernel="6.7"), "http://[x/"),
            entry(other),
            entry(forged),
            entry(report(kernel="6.8")),
            {"url": "x"},
            "text",
            None,
            {"url": f"files/{path}", "sha256": "../" * 10},
        ]
        web.files["/index.json"] = json.dumps([entry(report()), *wrong]).encode()
        pulled = pull(tmp_path, lab)
    assert (pulled.new, len(pulled.problems)) == (1, len(wrong))
    text = "\n".join(pulled.problems)
    for reason in ("another server", "not those of its name", "a forged origin", "no such file (404)", "needs `url`"):
        assert reason in text


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 100_000, b"\xff", b"nonsense"])
def test_what_is_no_index_is_refused_and_keeps_what_was_there(tmp_path, body):
    with web_world.serve() as web:
        lab = source("index", f"{web.address}/index.json")
        path, data = named(report())
        web.files = {f"/files/{path}": data, "/index.json": json.dumps([entry(report())]).encode()}
        pull(tmp_path, lab)
        web.files["/index.json"] = body
        with pytest.raises(SourceError, match="is no"):
            pull(tmp_path, lab)
    assert here(tmp_path, lab) == {path}


def test_an_index_comes_by_https(tmp_path):
    with pytest.raises(SourceError, match="by https"):
        pull(tmp_path, source("index", "http://example.org/index.json"))
