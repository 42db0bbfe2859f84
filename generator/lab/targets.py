"""What a scenario's dump targets need: servers on this side, and keys for the image that is to reach them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from generator.lab.packages import Root, run
from generator.lab.scenarios import Scenario
from generator.lab.servers import http_receiver, make_certificate, nfs_server, ssh_server


@contextmanager
def open_servers(scenario: Scenario, work: Path) -> Iterator[dict[str, object]]:
    """Run what the targets need, and yield its places."""
    wanted = " ".join(scenario.targets)
    with ExitStack() as stack:
        found: dict[str, object] = {}
        if "{http}" in wanted:
            found["http"] = stack.enter_context(http_receiver(work / "received"))
        if "{https}" in wanted:
            certificates = [make_certificate(work / f"{name}.pem") for name in ("server", "other")]
            found["https"] = stack.enter_context(http_receiver(work / "received", certificates[0]))
        if "nfs " in wanted:
            stack.enter_context(nfs_server(work))
            found["nfs"] = work / "received"
        if "{ssh}" in wanted:
            found["ssh"] = stack.enter_context(ssh_server(work))
            folder = work / "received" / "drop"
            folder.mkdir(parents=True)
            found["ssh_folder"] = folder
        yield found


def put_secrets(scenario: Scenario, root: Root, work: Path) -> dict[str, str]:
    """Put keys into the root for as long as the image is built. The wrong host key is a key of nobody."""
    if any(target.startswith("https:") for target in scenario.targets):
        name = "other" if scenario.is_betrayed else "server"
        text = (work / f"{name}.pem").read_text("utf-8").partition("-----BEGIN PRIVATE KEY-----")[0]
        (root.folder / "etc/lab_ca.pem").write_text(text, "utf-8")
        return {"ca_file": "/etc/lab_ca.pem"}
    if not any(target.startswith("ssh ") for target in scenario.targets):
        return {}
    host = "other_key" if scenario.is_betrayed else "host_key"
    _, kind, key = "-", *(work / f"{host}.pub").read_text("utf-8").split()[:2]
    run(["dropbearconvert", "openssh", "dropbear", str(work / "user_key"), str(root.folder / "etc/lab_ssh_key")])
    (root.folder / "etc/lab_ssh_key").chmod(0o600)
    (root.folder / "etc/lab_known_hosts").write_text(f"10.0.2.2 {kind} {key}\n", "utf-8")
    return {"ssh_key": "/etc/lab_ssh_key", "ssh_known_hosts": "/etc/lab_known_hosts"}
