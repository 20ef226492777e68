"""``python -m pgx``: the command line."""

from pgx.cli.main import program

program()
