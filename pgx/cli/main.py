"""Entry point: the commands, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated

import typer

from pgx.errors import PgxError

app = typer.Typer(
    name="pgx",
    help="From a person's variants and clinical history to drug response: named alleles, guidelines and models.",
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
            "--version", help="Print program, knowledge and model versions.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Hold the options that come before the command."""


def _register() -> None:
    """Add every command; their modules import nothing heavy until they run."""
    from pgx.cli import (
        call,
        check,
        diff,
        evaluate,
        features,
        kb,
        models,
        monitor,
        report,
        score,
        serve,
        simulate,
        train,
    )

    app.command("report")(report.report)
    app.command("call")(call.call)
    app.command("features")(features.features)
    app.command("check")(check.check)
    app.command("diff")(diff.diff)
    app.command("serve")(serve.serve)
    app.command("score")(score.score)
    app.command("train")(train.train)
    app.command("evaluate")(evaluate.evaluate)
    app.command("monitor")(monitor.monitor)
    app.command("simulate")(simulate.simulate)
    app.add_typer(kb.app, name="kb")
    app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command line and end the process with a documented exit code."""
    # A run builds a few large tables and ends: the cyclic collector's default pace costs a tenth of a small report.
    gc.set_threshold(200_000)
    _register()
    try:
        app()
    except PgxError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of our stdout went away (``| head``): not an error, but Python would print one at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except OSError as error:
        _fail(f"{error.filename or 'input/output'}: {error.strerror or error}", 3)
    except Exception as error:
        if os.environ.get("PGX_DEBUG"):
            raise
        _fail(f"internal error, please report it: {type(error).__name__}: {error} (PGX_DEBUG=1 shows where)", 1)


def _fail(message: str, code: int) -> None:
    one_line = " ".join(message.split())
    print(f"pgx: {one_line}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
