"""The failure mails that the units and the CI files promise, sent to a mail server on loopback."""

import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

ROOT = Path(__file__).parents[2]
SCHEDULING = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
SENDMAIL = """\
#!{python}
import re, smtplib, sys
assert sys.argv[1:] == ["-t"], sys.argv
content = sys.stdin.buffer.read()
(to,) = re.findall(rb"^To: (.*)$", content.partition(b"\\n\\n")[0], re.M)
with smtplib.SMTP("127.0.0.1", {port}) as server:
    server.sendmail("root@cron1.example", to.decode(), content)
"""
JOURNAL = """\
#!/bin/sh
test "$*" = "-u lastseen-run.service -n 100 --no-pager -o cat" || exit 1
echo '{"level": "error", "event": "error", "message": "Zoë: the portal answered 401"}'
"""


class Inbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], Message]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = BytesParser().parsebytes(envelope.content)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unit_to_deploy() -> str:
    return (ROOT / "deploy" / "systemd" / "lastseen-failed@.service").read_text(encoding="utf-8")


def tool(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def test_the_unit_mails_the_log_of_the_service_that_failed(tmp_path, inbox, port):
    (command,) = re.findall(r"^ExecStart=(.*)$", unit_to_deploy(), re.M)
    tool(tmp_path / "journalctl", JOURNAL)
    tool(tmp_path / "sendmail", SENDMAIL.format(python=sys.executable, port=port))
    # As systemd reads the line: specifiers, then the quotes of a shell.
    command = command.replace("%i", "lastseen-run.service").replace("%H", "cron1")
    command = command.replace("/usr/sbin/sendmail", str(tmp_path / "sendmail"))
    ended = subprocess.run(
        shlex.split(command), env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr
    ((to, mail),) = inbox.mails
    assert to == ["admins@example.com"]
    assert mail["Subject"] == "lastseen-run.service failed on cron1"
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "Zoë: the portal answered 401" in body.decode()


def test_the_service_names_the_unit_that_mails():
    text = (ROOT / "deploy" / "systemd" / "lastseen-run.service").read_text(encoding="utf-8")
    assert "\nOnFailure=lastseen-failed@%n.service\n" in text


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is not here"
)
def test_the_step_of_the_workflow_mails_over_tls_with_a_password(tmp_path, inbox):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    subprocess.run(
        ["openssl", "req", *new, *names, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=tls,
        require_starttls=True,
        authenticator=lambda *asked: AuthResult(
            success=(asked[-1].login, asked[-1].password) == (b"access", b"secret")
        ),
        auth_required=True,
    )
    controller.start()
    try:
        (block,) = re.findall(r"```yaml\n( {6}- if: failure\(\)\n.*?)```", SCHEDULING, re.S)
        script, _, given = textwrap.dedent(block).partition("\n  env:\n")
        script = textwrap.dedent(script.partition("run: |\n")[2])
        values = {
            **dict(re.findall(r"^    (FROM|TO): (.*)$", given, re.M)),
            "SMTP_URL": f"smtp://localhost:{controller.port}",
            "SMTP_USER": "access:secret",
            "RUN_URL": "https://github.example/org/lastseen/actions/runs/7",
            "CURL_CA_BUNDLE": str(certificate),
            "PATH": "/usr/bin:/bin",
        }
        ended = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script], env=values, capture_output=True
        )
    finally:
        controller.stop()
    assert ended.returncode == 0, ended.stderr
    ((to, mail),) = inbox.mails
    assert to == ["admins@example.com"]
    assert mail["Subject"] == "Lastseen failed"
    assert "actions/runs/7" in str(mail.get_payload())
