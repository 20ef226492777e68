"""Where files lie: the product's own data, inside the wheel or beside the package, and the user's configuration."""

import os
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def data_dir() -> Path:
    """Return the folder that holds ``knowledge``, ``models`` and ``examples``."""
    packaged = _HERE / "data"
    return packaged if packaged.is_dir() else _HERE.parent / "data"


def configuration_places(start: Path | None = None) -> list[Path]:
    """Return the configuration files that there are, the most general first.

    They are ``$XDG_CONFIG_HOME/pgx/config.toml`` (``~/.config`` if unset), and the nearest ``pgx.toml`` in `start` (the
    working directory) or above it.
    """
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pgx" / "config.toml"
    here = (start or Path.cwd()).resolve()
    nearest = [path for folder in (here, *here.parents) if (path := folder / "pgx.toml").is_file()][:1]
    return [path for path in (home, *nearest) if path.is_file()]
