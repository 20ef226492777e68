"""Where the product's own data lie: inside the wheel, or beside the package in a checkout."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def data_dir() -> Path:
    """Return the folder that holds ``knowledge``, ``models`` and ``examples``."""
    packaged = _HERE / "data"
    return packaged if packaged.is_dir() else _HERE.parent / "data"
