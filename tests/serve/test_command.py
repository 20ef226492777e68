"""`pgx serve`: who may listen where."""

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from pgx.cli import serve
from pgx.errors import UsageError


def test_listening_to_others_without_a_token_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv(serve.TOKEN_VARIABLE, raising=False)
    with pytest.raises(UsageError, match="lets others in"):
        serve.serve(tmp_path, host="0.0.0.0", port=0)


def test_tokens_come_from_a_file_or_the_environment_and_are_long(tmp_path, monkeypatch):
    monkeypatch.delenv(serve.TOKEN_VARIABLE, raising=False)
    assert serve.read_token(None) is None
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n")
    assert serve.read_token(file) == "0123456789abcdef"
    monkeypatch.setenv(serve.TOKEN_VARIABLE, "short")
    with pytest.raises(UsageError, match="at least 16"):
        serve.read_token(None)
    with pytest.raises(UsageError, match="cannot be read"):
        serve.read_token(tmp_path / "none")


def test_an_empty_token_file_is_no_open_door(tmp_path):
    (tmp_path / "token").write_text("\n")
    with pytest.raises(UsageError, match="at least 16"):
        serve.read_token(tmp_path / "token")
