"""Entry point: the commands, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from pgx.cli.completion import Command, Group, typed_command
from pgx.cli.outputs import guarded
from pgx.cli.protection import protected
from pgx.cli.settings import defaults
from pgx.cli.shown.terminal import STDOUT, guard_streams, leave_stdout
from pgx.errors import PgxError, kind_and_place, shown_place, without_secrets
from pgx.guard.letters import visible

app = typer.Typer(
    name="pgx",
    cls=Group,
    help="What a person's genome and history mean for their drugs: named alleles, guidelines and models.\n\n"
    "Start with `pgx report`. Exit codes: 0 = done; 1 = an error in pgx; 2 = wrong usage; 3 = bad input; "
    "4 = finished, but a person's or a laboratory's result was lost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from pgx.knowledge import load
        from pgx.pipeline import versions

        found = {**versions(), "knowledge_sha256": load().checksum}
        typer.echo("\n".join(f"{name} {value}" for name, value in found.items()))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the versions of the program, knowledge and models.",
            callback=_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Hold the options that come before the command."""


_COMMANDS = (
    "report", "call", "features", "check", "diff", "serve", "score", "train", "evaluate", "monitor", "simulate",
    "exposure", "schema",
)  # fmt: skip
_GROUPS = ("kb", "models", "cohort", "audit")


def _register(asked: str | None) -> None:
    """Add the command that is `asked` for, or every command if it is none of them, for the help and for mistakes.

    Their modules import nothing heavy until they run, but reading the options of all takes longer than one needs.
    """
    one = asked in (*_COMMANDS, *_GROUPS)
    for name in [asked] if one else [*_COMMANDS, *_GROUPS]:
        module = import_module(f"pgx.cli.{name}")
        if name in _GROUPS:
            for one in module.app.registered_commands:
                one.callback, one.cls = guarded(protected(one.callback)), Command
            app.add_typer(module.app, name=name, cls=Group)
        else:
            app.command(name, cls=Command)(guarded(protected(getattr(module, str(name)))))


def main() -> None:
    """Run the command line and end the process with a documented exit code."""
    # A run builds a few large tables and ends: the cyclic collector's default pace costs a tenth of a small report.
    gc.set_threshold(200_000)
    guard_streams()
    _listen()
    try:
        _register(sys.argv[1] if len(sys.argv) > 1 else typed_command())
        set_by_file = defaults(lambda: typer.main.get_command(app), sys.argv[1:], (*_COMMANDS, *_GROUPS))
        # Under `python -m` too, so that completion is that of the command `pgx`.
        try:
            app(prog_name="pgx", default_map=set_by_file)
        except SystemExit:
            try:
                sys.stdout.flush()  # a full disk is told here, as one line, and not by Python at exit
            except BrokenPipeError:  # nobody reads on: no error
                leave_stdout()
            raise
    except PgxError as error:
        for line in error.details:
            print(f"pgx: {' '.join(line.split())}", file=sys.stderr)
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except MemoryError:
        _fail("the memory is not enough for these inputs; give fewer persons at a time, or use `pgx cohort run`", 3)
    except OSError as error:
        if error.filename == STDOUT:
            leave_stdout()
        _fail(f"{shown_place(error.filename or 'input/output')}: {error.strerror or error}", 3)
    except Exception as error:
        if os.environ.get("PGX_DEBUG"):
            raise
        _fail(f"internal error, please report it: {kind_and_place(error)} (PGX_DEBUG=1 shows all of it)", 1)


def _listen() -> None:
    """Let whoever ends the run end it in order: what is unpacked, or lies half written, is removed on the way out."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # else somebody asked for it to be ignored, as nohup does
            signal.signal(number, _end)


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def program() -> None:
    """Run the command line as the whole of a process."""
    if sys.argv[1:2] == ["evaluate"]:
        from pgx.cli.allocation import give_back

        give_back()
    try:
        main()
    finally:
        gc.freeze()  # the collection at exit would visit every object of the run: a tenth of a small report


def _fail(message: str, code: int) -> None:
    one_line = visible(without_secrets(" ".join(message.split())))
    print(f"pgx: {one_line}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    program()
