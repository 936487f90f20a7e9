"""Whom the key is sent to over TLS: only whose certificate is trusted, and names the host."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.portal.client_servers import KEY

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not here")


class Server:
    """A server whose certificate is its own, for `localhost` only; it keeps what it was sent."""

    def __init__(self, folder: Path) -> None:
        self.certificate = folder / "certificate.pem"
        self.keys: list[str | None] = []
        key, keys = folder / "key.pem", self.keys
        names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        files = ("-keyout", str(key), "-out", str(self.certificate))
        subprocess.run(["openssl", "req", *new, *names, *files], check=True, capture_output=True)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keys.append(self.headers.get("Authorization"))
                self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                """Keep standard error free."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self.certificate, key)
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.close()


def doctor(url: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lastseen", "doctor"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LASTSEEN_API_KEY": KEY,
            "LASTSEEN_PORTAL__URL": url,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_certificate_that_nobody_vouches_for_is_sent_no_key(server, tmp_path):
    ran = doctor(f"https://localhost:{server.port}", tmp_path)

    assert ran.returncode == 3
    assert "certificate" in ran.stderr
    assert server.keys == []


def test_a_trusted_certificate_of_another_name_is_sent_no_key(server, tmp_path):
    trusting = {"SSL_CERT_FILE": str(server.certificate)}

    ran = doctor(f"https://127.0.0.1:{server.port}", tmp_path, **trusting)

    assert ran.returncode == 3
    assert "certificate" in ran.stderr
    assert server.keys == []
    # Under the name that it has, it is trusted.
    doctor(f"https://localhost:{server.port}", tmp_path, **trusting)
    assert server.keys
