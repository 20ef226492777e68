"""``pgx check``: what a clinical or genotype file holds, and what of it cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pgx.cli import completion
from pgx.cli import options as opt


def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Clinical file or folder, VCF, BCF, raw array data or a table of SNP results.", show_default=False
        ),
        opt.Role.record,
    ] = None,
    out: opt.Out = Path("-"),
    columns: Annotated[
        bool, typer.Option("--columns", help="List the columns that a flat clinical file can have, and stop.")
    ] = False,
    template: Annotated[
        str | None,
        typer.Option(
            help="Write an empty table to fill in instead: csv (one row per person and day), long (one row per "
            "value), medications (one row per drug) or snps (SNP results).",
            show_default=False,
            autocompletion=completion.one_of("csv", "long", "medications", "snps"),
        ),
    ] = None,
    as_of: opt.AsOf = None,
    date_format: opt.DateFormat = None,
    knowledge: opt.Knowledge = None,
) -> None:
    """Show what a file holds and what of it cannot be used.

    Clinical files are listed by column, code and drug; genotype files by format, samples, records and build. Exit
    code 3 means that the file has an error to correct first.
    """
    import pgx
    from pgx.codes import QUOTES_NO_RECORD
    from pgx.errors import InputError, UsageError
    from pgx.io import write_bytes
    from pgx.tables import write_table

    if template is None:
        opt.check_table(out)
    now = opt.day("--as-of", as_of)
    if columns:
        write_table(pgx.kb.columns(knowledge or ()), out)
        return
    if template is not None:
        (kind,) = opt.choices("--template", template, ("csv", "long", "medications", "snps"))[:1]
        heading = pgx.kb.template(knowledge or (), kind)
        if str(out) == "-":
            typer.echo(heading, nl=False)
        else:
            if out.is_file() and out.read_bytes() not in (b"", heading.encode()):
                raise UsageError(f"{out}: is there already, and may be filled in; name another file")
            write_bytes(out, heading.encode())
        return
    if file is None:
        raise UsageError("pgx check needs a file (or --columns)")
    frame = pgx.check(file, as_of=now, date_format=date_format, knowledge=knowledge or (), out=out)
    wrong = frame.filter(frame["kind"] == "error")
    if not wrong.is_empty():
        first = wrong.row(0, named=True)
        files = ("structure", "header", "duplicate", "refused", *QUOTES_NO_RECORD)
        # The table is for its owner; an error may go to a log, and repeats nothing of a person's record.
        told = first["meaning"] if first["name"] in files else f"{first['name']}: the table says what is wrong"
        raise InputError(f"refused: {told}", file=file, where=first["where"] or None)
