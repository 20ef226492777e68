"""Errors that end a run, and the exit code of each.

The library raises these; the command line prints the message as one line and exits with the code.
"""

import re

LONGEST = 2000
"""Characters of a sentence that quotes what a file holds."""
# Each word is looked at once: a message may quote a name of any length.
_ADDRESS = re.compile(r"""(?<![a-z0-9+.\-])([a-z0-9+.\-]+(?::[a-z0-9+.\-]+)?:/+)([^\s"']*)""", re.IGNORECASE)
_BEGIN = re.compile(r"[a-z0-9+.\-]{2,}(?::[a-z0-9+.\-]+)?:[/\\]+", re.IGNORECASE)
_PASSWORD = re.compile(
    r"""\b(\w*(?:password|passwd|pwd)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|"[^"]*"|\{[^}]*\}|[^\s&;]+)""", re.IGNORECASE
)
# An address without slashes, such as that of a login; read from the start of a word, so each is looked at once. What
# follows must be a host, with a path, port or domain: a sample may be named ``x:y@z``.
_LOGIN = re.compile(r"""(?<![^\s"'])([^\s"'/:@]+:)[^\s"']*@(?=\[|localhost\b|[\w\-]+(?:[/\\]|:\d|\.\w))""")

# The same where the whole text is a place: blanks and quotes are of the password then.
_LOGIN_ALONE = re.compile(r"([^\s/:@]+:).*@(?=[\w\[])", re.DOTALL)


def without_secrets(text: str) -> str:
    """Return text without users and passwords of addresses, however they are written.

    Examples
    --------
    >>> without_secrets("mysql://ada:secret@host/db, password=secret")
    'mysql://host/db, password=***'
    """
    text = _ADDRESS.sub(lambda found: found[1] + found[2].rpartition("@")[2], text)
    return _PASSWORD.sub(r"\1***", _LOGIN.sub(r"\1***@", text))


def shown_place(file: object) -> str:
    """Return a file as messages name it: an address of a database without user, password and options.

    Examples
    --------
    >>> shown_place('postgresql://ada:my "secret"@host/db?connect_timeout=9'), shown_place("a@b.vcf")
    ('postgresql://host/db', 'a@b.vcf')
    """
    text = str(file).strip()
    begin = _BEGIN.match(text)
    if begin is None:
        login = _LOGIN_ALONE.match(text)
        return without_secrets(f"{login[1]}***{text[login.end() - 1 :]}" if login else str(file))
    return without_secrets(begin[0] + text[begin.end() :].rpartition("@")[2].partition("?")[0])


def shortened(text: str) -> str:
    """Return a text that quotes a file at no more than its first `LONGEST` characters, and how many there were.

    Examples
    --------
    >>> shortened("a short one"), len(shortened("x" * 9_000_000))
    ('a short one', 2025)
    """
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text)} characters)"


def kind_and_place(error: BaseException) -> str:
    """Return what an unforeseen error is and where it came up; its message may quote a person's record."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = "" if place is None else f" in {place.tb_frame.f_code.co_filename.rpartition('/')[2]}, line {place.tb_lineno}"
    return f"{type(error).__name__}{at}"


class PgxError(Exception):
    """Base of every error that is the input's or the user's, not ours."""

    exit_code = 1
    details: tuple[str, ...] = ()
    """Lines to print before the message, where one is too little."""

    def __init__(self, message: object = "") -> None:
        super().__init__(without_secrets(str(message)))


class UsageError(PgxError):
    """The command was called wrongly: unknown drug, gene, option value (exit 2)."""

    exit_code = 2

    def __init__(self, message: object = "") -> None:
        super().__init__(shortened(str(message)))


class InputError(PgxError):
    """An input file cannot be used (exit 3).

    Parameters
    ----------
    problem
        What is wrong, and with which value.
    file
        The file it is in.
    where
        Line, record, column or sample: ``"line 12"``, ``"chr10:94781859"``, ``"sample NA12878"``.
    fix
        What the user can do about it.
    """

    exit_code = 3

    def __init__(self, problem: str, *, file: object = None, where: str | None = None, fix: str | None = None) -> None:
        problem, where = shortened(problem), shortened(where) if where else where
        place = ": ".join(part for part in (shown_place(file) if file else "", where) if part)
        message = f"{place}: {problem}" if place else problem
        super().__init__(f"{message}; {fix}" if fix else message)
        problem = without_secrets(problem)
        self.problem, self.file, self.where, self.fix = problem, file, where, fix


class NoGenotypesError(InputError):
    """A genotype file holds no genotypes at all (exit 3)."""
