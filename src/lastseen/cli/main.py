"""The `lastseen` command itself: its own options, its commands, and its ways out.

No command's work is in here. Every error ends here, as one clear message and one of the exit codes
of `lastseen.model.errors.ExitCode`.
"""

import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from lastseen._version import __version__
from lastseen.cli import exempt, fleet
from lastseen.cli.apply import apply
from lastseen.cli.demo import demo
from lastseen.cli.doctor import doctor
from lastseen.cli.errors import print_bug, print_error, print_line, print_usage
from lastseen.cli.explain import explain
from lastseen.cli.global_options import accept_after_commands
from lastseen.cli.history import history
from lastseen.cli.init import init
from lastseen.cli.invocation import Invocation
from lastseen.cli.options import LogForm
from lastseen.cli.output import output_lost
from lastseen.cli.review import review
from lastseen.cli.run import run
from lastseen.cli.show import show
from lastseen.cli.simulate import simulate
from lastseen.cli.standard_streams import (
    open_closed_streams,
    settle_standard_error,
    silence_standard_output,
    unwritten_output,
)
from lastseen.cli.status import status
from lastseen.cli.undo import undo
from lastseen.cli.worker import worker
from lastseen.config.logging import LogFormat, configure_logs, hide
from lastseen.model.errors import ExitCode, LastseenError, UsageError
from lastseen.model.secret import ApiKey

INTERRUPTED = 130
"""Exit code after Ctrl-C or SIGTERM: the shell's convention."""

COLLECTIONS = (50_000, 50, 100)
"""Thresholds of Python's garbage collector (`gc.set_threshold`)."""

app = typer.Typer(
    name="lastseen",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(init)
app.command()(doctor)
app.command()(status)
app.command()(review)
app.command()(apply)
app.command()(run)
app.command()(undo)
app.command()(explain)
app.command()(show)
app.command()(history)
app.add_typer(exempt.app, name="exempt")
app.add_typer(fleet.app, name="fleet")
app.command()(worker)
app.command()(demo)
app.command()(simulate)


@app.callback(
    epilog="Exit codes: 0 done, 1 bug, 2 usage or configuration, 3 the portal refused, "
    "4 evidence incomplete, 5 a guardrail stopped it, 6 applied in part."
)
def lastseen(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="Configuration file. Default: lastseen.toml in this folder, if it exists.",
        ),
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, show_default=False, help="Log progress; -vv logs more."
        ),
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only errors on standard error.")
    ] = False,
    log_format: Annotated[
        LogForm,
        typer.Option("--log-format", metavar="text|json", help="Log format."),
    ] = LogForm.TEXT,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _show_version(asked),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Find the contractors who no longer use a DocSpace portal, and disable them.

    `review` decides and writes a plan, `apply` carries it out, `undo` takes it back. The options
    above may also follow the command.
    """
    called = Invocation(config=config, verbosity=verbose, quiet=quiet, log_format=log_format.value)
    configure_logs(called.log_format, called.log_level)
    context.obj.append(called)


def main() -> NoReturn:
    """Run the command line of this process and end the process."""
    # Tens of thousands of people and events hold no cycles: looking for some took a tenth of a run.
    gc.set_threshold(*COLLECTIONS)
    gc.disable()  # until asynchronous work begins: what modules hold stays for good
    _write_no_core_dumps()
    open_closed_streams()
    code = outcome(sys.argv[1:])
    settle_standard_error()
    gc.freeze()  # nothing is left to do: the interpreter's last search for cycles takes 0.15 s
    sys.exit(code)


def outcome(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    hide(ApiKey(os.environ.get("LASTSEEN_API_KEY", "")))
    began: list[Invocation] = []
    try:
        _end_cleanly_on_signals()
        command = get_command(app)
        assert isinstance(command, TyperGroup)
        accept_after_commands(command)
        code = command.main(
            args=list(arguments), prog_name="lastseen", standalone_mode=False, obj=began
        )
        if code == INTERRUPTED:
            print_line("Interrupted.", event="interrupted")
        return int(code or ExitCode.DONE)
    except LastseenError as error:
        print_error(error, _called(began).log_format)
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):  # the latter while the commands are still set up
        print_line("\nInterrupted.", event="interrupted")
        return INTERRUPTED
    except typer.TyperException as error:
        if arguments:
            print_usage(
                error.format_message(),
                usage=_usage(error),
                command=_command(error),
                form=_format(began, arguments),
            )
        else:
            print_line(error.format_message())
        return int(ExitCode.USAGE)
    except SystemExit:  # so Click leaves where nobody reads its help any more
        silence_standard_output()
        return int(ExitCode.DONE)
    except OSError as error:
        if error.errno not in _NO_NAME:
            return _unexpected(error, _called(began))
        print_error(_no_name(error), _called(began).log_format)
        return int(ExitCode.USAGE)
    except Exception as error:  # noqa: BLE001 - the last stop: no traceback for users
        return _unexpected(error, _called(began))


def _unexpected(error: Exception, called: Invocation) -> int:
    lost = unwritten_output()
    if lost is not None:
        silence_standard_output()
        print_error(output_lost(lost), called.log_format)
        return int(ExitCode.USAGE)
    print_bug(error, called.log_format, with_traceback=called.verbosity > 0)
    return int(ExitCode.BUG)


_NO_NAME = frozenset({errno.ENAMETOOLONG, errno.ELOOP})
"""Errors of a path that no file can have, wherever the command meets it first."""


def _no_name(error: OSError) -> UsageError:
    return UsageError(
        attempted=f"looking for the file {str(error.filename)[:100]}",
        found=(error.strerror or "it can't be opened").lower(),
        meaning="no file can be there",
        remedy="check the path",
    )


def _called(began: list[Invocation]) -> Invocation:
    return began[-1] if began else Invocation()


def _format(began: list[Invocation], arguments: Sequence[str]) -> LogFormat:
    """Return the log format asked for, also where the command line could not be read."""
    words = " ".join(arguments)
    if "--log-format json" in words or "--log-format=json" in words:
        return "json"
    return _called(began).log_format


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    if context is None:
        return ""
    return f"{context.get_usage()}\nTry '{context.command_path} --help' for help."


def _command(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return "lastseen" if context is None else str(context.command_path)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"lastseen {__version__}")
        raise typer.Exit


def _end_cleanly_on_signals() -> None:
    """Have SIGTERM and a closed terminal end the work as Ctrl-C does; `nohup` stays in force."""
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _as_interrupt)


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    if callable(signal.getsignal(signal.SIGINT)):
        signal.raise_signal(signal.SIGINT)
    else:  # a script's background commands ignore SIGINT
        raise KeyboardInterrupt


def _write_no_core_dumps() -> None:
    """Keep a crash from writing the process's memory, and the API key in it, to a file."""
    try:
        import resource
    except ImportError:  # Windows writes none
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
