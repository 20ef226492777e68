"""``python -m pgx`` and ``pgx``: the command line, of which nothing is imported before Ctrl-C has its one line."""

import sys


def program() -> None:
    """Run the command line as the whole of a process."""
    try:
        from pgx.cli.main import program as run

        run()
    except KeyboardInterrupt:  # while the modules of the command line are read
        print("pgx: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    program()
