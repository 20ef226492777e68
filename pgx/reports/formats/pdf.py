"""Pages as PDF, through the optional extra ``pdf`` (weasyprint)."""

from __future__ import annotations

import hashlib
import importlib.util
import logging

from pgx.errors import UsageError

_MISSING = "PDF needs the extra 'pdf': pip install 'pgx-cli[pdf]' (weasyprint, and Pango of the system)"


def check() -> None:
    """Raise `UsageError` if the extra is not installed."""
    if importlib.util.find_spec("weasyprint") is None:
        raise UsageError(_MISSING)


def to_pdf(page: str) -> bytes:
    """Return a self-contained HTML page as PDF; nothing is fetched, whatever the page names.

    Raises
    ------
    UsageError
        If weasyprint or a library that it needs is not installed.
    """
    check()
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)
    try:
        import weasyprint
    except OSError as error:
        raise UsageError(f"{_MISSING}: {str(error).splitlines()[0]}") from error
    # A fixed identifier, or the same report would be other bytes each time.
    identifier = hashlib.sha256(page.encode()).hexdigest()[:32].encode()
    document = weasyprint.HTML(string=page, url_fetcher=_Refuse())
    return bytes(document.write_pdf(pdf_identifier=identifier, custom_metadata=False))


class _Refuse:
    """Fetches nothing: whatever a page names stays where it is."""

    _fail_on_errors = False  # weasyprint from 68 on asks its fetcher for it

    def __call__(self, url: str, *_: object, **__: object) -> dict[str, object]:
        raise ValueError(f"reports fetch nothing: {url}")
