"""The API key on its way, in files, and in what is printed; configurations of others."""

import os
from pathlib import Path

from campaigns.attacks.scene import Scene, expect, listening

USAGE, REFUSED = 2, 3


def a_proxy_never_sees_the_key(scene: Scene) -> None:
    """A proxy that records what it is sent, for a portal behind https."""
    with listening(b"HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n") as (
        port,
        received,
    ):
        scene.run(
            "doctor",
            environment={
                "LASTSEEN_PORTAL__URL": "https://portal.example",
                "HTTPS_PROXY": f"http://127.0.0.1:{port}",
            },
        )
    expect(received, "the proxy was not asked")
    expect(not any(scene.portal.api_key.encode() in one for one in received), "it saw the key")


def trouble_of_a_proxy_is_told_as_such(scene: Scene) -> None:
    """407, a dead proxy, an unknown name, no scheme: each names the proxy, and soon."""
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with listening(refusal) as (port, _):
        for proxy in (
            f"http://127.0.0.1:{port}",
            "http://127.0.0.1:9",
            f"127.0.0.1:{port}",
            "http://proxy.invalid:3128",
            "http://no host:3128",
        ):
            ran = scene.run(
                "doctor",
                environment={
                    "LASTSEEN_PORTAL__URL": "https://portal.example",
                    "HTTPS_PROXY": proxy,
                },
            )
            expect("proxy" in ran.output.lower(), f"{proxy}: the proxy is not named")


def a_web_page_of_a_firewall_is_no_missing_right(scene: Scene) -> None:
    """403 with HTML."""
    page = b"<html><body>blocked by firewall</body></html>"
    head = f"HTTP/1.1 403 no\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"
    with listening(head.encode() + page) as (port, _received):
        ran = scene.run("review", environment={"LASTSEEN_PORTAL__URL": f"http://127.0.0.1:{port}"})
    expect(ran.exit_code == REFUSED, f"ended with {ran.exit_code}")
    expect("accounts:" not in ran.output, "a right of the key is blamed")


def other_compressions_are_named(scene: Scene) -> None:
    """`Content-Encoding: zstd` and a server that doesn't speak HTTP."""
    for answer, told in (
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Encoding: x-unknown\r\nContent-Length: 4\r\n\r\nabcd",
            "",
        ),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", ""),
    ):
        with listening(answer) as (port, _received):
            ran = scene.run(
                "review", environment={"LASTSEEN_PORTAL__URL": f"http://127.0.0.1:{port}"}
            )
        expect(ran.exit_code == REFUSED, f"{answer[:20]!r} ended with {ran.exit_code}")
        expect(told in ran.output, "not named")


def the_key_is_not_in_help_of_the_library(scene: Scene) -> None:
    """Defaults of functions would hold the environment."""
    import subprocess
    import sys

    ran = subprocess.run(
        [sys.executable, "-c", "import lastseen; help(lastseen.open_session)"],
        env={**scene.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    expect(scene.portal.api_key not in ran.stdout + ran.stderr, "help() prints the key")


def a_key_given_as_a_path_is_not_repeated(scene: Scene) -> None:
    """`LASTSEEN_API_KEY_FILE=<the key itself>`, and the same under `portal.api_key_file`."""
    for name in ("LASTSEEN_API_KEY_FILE", "LASTSEEN_PORTAL__API_KEY_FILE"):
        ran = scene.run(
            "doctor", environment={"LASTSEEN_API_KEY": None, name: scene.portal.api_key}
        )
        expect(ran.exit_code == USAGE, f"{name}: ended with {ran.exit_code}")


def keys_in_wrong_places_are_not_repeated(scene: Scene) -> None:
    """As user and password of the address, as a query, as a key of the file, as a table."""
    key = scene.portal.api_key
    host = scene.url.removeprefix("http://")
    for url in (f"http://{key}@{host}", f"http://{host}/?key={key}", f"http://u:{key}@{host}", key):
        scene.run("doctor", environment={"LASTSEEN_PORTAL__URL": url})
    for text in (
        f'[portal]\nurl = "{scene.url}"\napi_key = "{key}"\n',
        f'api_key = "{key}"\n',
        f'[portal]\nurl = "{scene.url}"\n[api_key]\nvalue = "{key}"\n',
        f'[portal]\nurl = "{scene.url}"\n"{key}" = 1\n',
        f'[roster]\nsource = "{key}"\n',
    ):
        file = scene.write("wrong.toml", text)
        ran = scene.run("-c", file, "doctor", environment={"LASTSEEN_API_KEY": None})
        expect(ran.exit_code == USAGE, f"{text[:30]!r} ended with {ran.exit_code}")


def an_echoed_key_is_not_repeated(scene: Scene) -> None:
    """The portal repeats the key in its refusals: as it is, in lower case, percent-encoded."""
    key = scene.portal.api_key
    for echoed in (key, key.lower(), key.upper(), key.replace("-", "%2D"), key.replace("-", "%2d")):
        page = f'{{"error": {{"message": "bad token {echoed}"}}}}'.encode()
        head = (
            "HTTP/1.1 400 no\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(page)}\r\n\r\n"
        )
        with listening(head.encode() + page) as (port, _received):
            ran = scene.run(
                "review", environment={"LASTSEEN_PORTAL__URL": f"http://127.0.0.1:{port}"}
            )
        expect(echoed not in ran.output, f"the echo {echoed[:5]}… is repeated")


def a_configuration_that_others_can_write_is_refused(scene: Scene) -> None:
    """`lastseen.toml` in the working directory: writable by all, or somebody else's."""
    evil = f'[portal]\nurl = "{scene.url}"\n[guardrails]\nmax_disable = 1000\n'
    environment: dict[str, str | None] = {"LASTSEEN_PORTAL__URL": None}
    file = scene.write("lastseen.toml", evil)
    file.chmod(0o666)
    ran = scene.run("review", environment=environment)
    expect(ran.exit_code == USAGE, f"writable by all: ended with {ran.exit_code}")
    file.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
        ran = scene.run("review", environment=environment)
        expect(ran.exit_code == USAGE, f"somebody else's: ended with {ran.exit_code}")
        os.chown(file, 0, 0)
    ran = scene.run("review", environment=environment)
    expect(ran.exit_code == 0, f"one's own: ended with {ran.exit_code}")
    expect("lastseen.toml" in ran.stderr, "the file in use is not named")


def quoted_keys_are_named(scene: Scene) -> None:
    """Quotes around the key, from a .env file."""
    ran = scene.run("doctor", environment={"LASTSEEN_API_KEY": f'"{scene.portal.api_key}"'})
    expect("quot" in ran.output.lower(), "the quotes are not named")


def deep_and_broken_configurations_are_told(scene: Scene) -> None:
    """Nesting, other encodings, huge numbers, wrong types."""
    for number, text in enumerate(
        (
            b"a = " + b"[" * 50_000,
            b"[" + b"a." * 20_000 + b"b]\n",
            b"[policy]\ninactive_days = " + b"9" * 10_000,
            b"[policy]\ninactive_days = inf\n",
            b"[policy]\nfor = 1\n",
            b"policy = 3\n",
            b"\xff\xfe[\x00p\x00",
            b"[policy]\ninactive_days = 1979-05-27\n",
            b"[[policy.for]]\nname = 3\n",
        )
    ):
        file = Path(scene.folder / f"{number}.toml")
        file.write_bytes(text)
        ran = scene.run("-c", file, "review")
        expect(ran.exit_code == USAGE, f"configuration {number} ended with {ran.exit_code}")


ATTACKS = (
    a_proxy_never_sees_the_key,
    trouble_of_a_proxy_is_told_as_such,
    a_web_page_of_a_firewall_is_no_missing_right,
    other_compressions_are_named,
    the_key_is_not_in_help_of_the_library,
    a_key_given_as_a_path_is_not_repeated,
    keys_in_wrong_places_are_not_repeated,
    an_echoed_key_is_not_repeated,
    a_configuration_that_others_can_write_is_refused,
    quoted_keys_are_named,
    deep_and_broken_configurations_are_told,
)
