"""What `--help` prints: on a terminal of the usual width, every word of it is whole."""

from __future__ import annotations

import re

import typer
from typer.core import TyperGroup

from pgx.cli import main

_WORD = re.compile(r"[^\s-]+")
"""A line may end at a space or a hyphen."""


def commands():
    """Yield the words of each command, and the command."""
    main._register(None)
    left = [((), typer.main.get_command(main.app))]
    while left:
        words, command = left.pop()
        if isinstance(command, TyperGroup):
            left += [((*words, name), one) for name, one in command.commands.items()]
        else:
            yield words, command


def test_no_word_of_the_help_is_broken(pgx_command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    seen = 0
    for words, command in commands():
        shown = set(_WORD.findall(pgx_command(*words, "--help").stdout))
        told = [parameter.help for parameter in command.params if getattr(parameter, "help", None)]
        broken = {word for text in (command.help, *told) for word in _WORD.findall(text)} - shown
        assert not broken, f"pgx {' '.join(words)}: {broken}"
        seen += 1
    assert seen > 30
