"""Where a push goes, and that its credentials show nowhere but in git's environment."""

import base64
import re

import pytest
from world import git

from generator.errors import SourceError
from generator.sources.remotes import Remote, find_remote

TOKEN = "s3cret/+tok"


def header(remote: Remote) -> str:
    """Return what git would send."""
    packed = remote.settings["GIT_CONFIG_VALUE_0"].removeprefix("Authorization: Basic ")
    return base64.b64decode(packed).decode()


def test_a_token_in_the_address_goes_into_the_environment_alone(tmp_path):
    remote = find_remote("https://ci:s3cret%2F%2Btok@example.org:8443/a/b.git", folder=tmp_path, environment={})
    assert remote.address == "https://example.org:8443/a/b.git"
    assert header(remote) == f"ci:{TOKEN}"
    assert remote.settings["GIT_CONFIG_KEY_0"] == "http.https://example.org:8443/.extraHeader"
    assert "s3cret" not in repr(remote)


def test_a_lone_name_is_a_token(tmp_path):
    remote = find_remote("https://s3cret@example.org/a.git", folder=tmp_path, environment={})
    assert (remote.address, header(remote)) == ("https://example.org/a.git", "x-access-token:s3cret")


def test_the_environment_gives_a_token_and_its_user(tmp_path):
    given = {"KDUMP_PORTAL_TOKEN": f"{TOKEN}\n", "KDUMP_PORTAL_USER": "gitlab-ci-token"}
    remote = find_remote("https://example.org/a.git", folder=tmp_path, environment=given)
    assert header(remote) == f"gitlab-ci-token:{TOKEN}"
    assert not find_remote("git@example.org:a.git", folder=tmp_path, environment=given).settings


def test_a_clone_gives_the_address_of_its_remote_and_what_checkout_left(tmp_path):
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "remote", "add", "origin", "https://ci:s3cret@example.org/a.git")
    git(tmp_path, "remote", "add", "hub", "https://hub.example.org/a.git")
    git(tmp_path, "config", "http.https://hub.example.org/.extraheader", "AUTHORIZATION: basic czNjcmV0")
    below = tmp_path / "below"
    below.mkdir()
    assert find_remote("origin", folder=below, environment={}).address == "https://example.org/a.git"
    hub = find_remote("hub", folder=below, environment={})
    assert hub.settings["GIT_CONFIG_VALUE_0"] == "AUTHORIZATION: basic czNjcmV0"
    assert hub.clean("fatal: czNjcmV0 said") == "fatal: [hidden] said"


def test_without_credentials_nothing_is_set(tmp_path):
    assert find_remote("https://example.org/a.git", folder=tmp_path, environment={}).settings == {}
    assert find_remote("some/where", folder=tmp_path, environment={}).address == str(tmp_path / "some" / "where")
    assert find_remote("ssh://git@example.org/a", folder=tmp_path, environment={}).address == "ssh://git@example.org/a"


def test_a_token_is_not_sent_in_the_clear(tmp_path):
    with pytest.raises(SourceError, match="in the clear") as raised:
        find_remote("http://ci:s3cret@example.org/a.git", folder=tmp_path, environment={})
    assert "s3cret" not in str(raised.value)
    assert find_remote("http://ci:s3cret@127.0.0.1:1/a.git", folder=tmp_path, environment={}).settings
    assert find_remote("http://example.org/a.git", folder=tmp_path, environment={}).settings == {}


def test_every_spelling_of_a_credential_is_hidden(tmp_path):
    remote = find_remote("https://ci:s3cret%2F%2Btok@example.org/a.git", folder=tmp_path, environment={})
    packed = base64.b64encode(f"ci:{TOKEN}".encode()).decode()
    assert remote.clean(f"{TOKEN} s3cret%2F%2Btok {packed}") == "[hidden] [hidden] [hidden]"


@pytest.mark.parametrize(
    "where",
    [
        "https://ci:s3cret@[broken/a.git",
        "https://ci:s3cret@example.org:port/a.git",
        "https://example.org/a.git?private_token=s3cret",
        "https://example.org/a.git#s3cret",
        "https://ci:s3cret@/a.git",
        "https://ci:s3cret@example.org/\x1b[31m",
        "ssh://git:s3cret@example.org/a.git",
        "ext::sh -c s3cret",
        "--upload-pack=s3cret",
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(tmp_path, where):
    with pytest.raises(SourceError) as raised:
        find_remote(where, folder=tmp_path, environment={})
    assert "s3cret" not in str(raised.value)
    assert re.search("the remote (is|has)", str(raised.value))
