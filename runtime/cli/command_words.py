"""The words of the command line: commands and their options, each with a short help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer

from ...compiler.diagnostics.diagnostic import did_you_mean
from .main import COMMANDS, application


class Option(NamedTuple):
    """flags: long and short. values: those that it may have; empty where it takes another value, or none."""

    flags: tuple[str, ...]
    help: str
    has_value: bool
    values: tuple[str, ...] = ()


class Command(NamedTuple):
    """values: the words that its first argument may be; empty where it takes files."""

    name: str
    help: str
    options: tuple[Option, ...]
    values: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {"name": self.name, "help": self.help, "options": [o._asdict() for o in self.options]}


HELP = Option(("--help", "-h"), "Show this message and exit.", has_value=False)
_CHOICE = re.compile(r"[a-z][a-z0-9_-]*(\|[a-z][a-z0-9_-]*)+")


def require_known(name: str) -> None:
    """Raise typer.BadParameter where there is no such command."""
    if name not in COMMANDS:
        near = did_you_mean(name, COMMANDS)
        raise typer.BadParameter(f"there is no command `{name}`" + (f": {near}" if near else ""))


def command_words(name: str) -> Command:
    """A command with all of its options."""
    group: Any = typer.main.get_command(application(name))
    found = group.commands[name]
    options = tuple(o for p in found.params for o in _options(p))
    return Command(name, _first_sentence(found.help or ""), (*options, HELP), _arguments(name, found.params))


def _options(parameter: Any) -> Iterator[Option]:
    help = _first_sentence(getattr(parameter, "help", None) or "")
    for names in (parameter.opts, parameter.secondary_opts):
        flags = tuple(flag for flag in names if flag.startswith("-"))
        if flags:
            yield Option(flags, help, not parameter.is_flag, _values(parameter.metavar))


def _values(metavar: str | None) -> tuple[str, ...]:
    return tuple(metavar.split("|")) if metavar and _CHOICE.fullmatch(metavar) else ()


def _arguments(name: str, parameters: list[Any]) -> tuple[str, ...]:
    """The words that the first argument of a command may be."""
    if name == "help":
        return COMMANDS
    if name == "explain":
        from .explain import codes

        return codes()
    first = next((p for p in parameters if not p.opts[0].startswith("-")), None)
    return _values(first.metavar) if first is not None else ()


def _first_sentence(text: str) -> str:
    """The first sentence of a help, without its full stop."""
    flat = " ".join(text.split("\n\n")[0].split())
    return re.split(r"[.;] ", flat)[0].rstrip(".")
