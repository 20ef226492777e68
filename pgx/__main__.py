"""``python -m pgx`` and ``pgx``: the command line; Ctrl-C while its modules are read ends in one line, as later."""

import sys

try:
    from pgx.cli.main import program
except KeyboardInterrupt:
    print("pgx: interrupted", file=sys.stderr)
    sys.exit(130)

if __name__ == "__main__":
    program()
