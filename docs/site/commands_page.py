"""The page of all commands, from their declarations: what `potentia COMMAND --help` shows, as tables."""

from __future__ import annotations

import re
from typing import Any

import typer
from potentia.runtime.cli.main import COMMANDS, application
from safe_text import cell, plain

_EXAMPLES = re.compile(r"\n\s*\x08?\s*\n?\s*Examples?:\n(.*)", re.DOTALL)
_HEAD = """# Commands

Made from the declarations of the commands, as `potentia COMMAND --help` is. Results go to stdout, messages and progress to
stderr; `--json` prints one JSON object, and errors are JSON then too.

| exit code | meaning |
|---|---|
| 0 | fine |
| 1 | an error in a spec, in data or on the disk; differences, of `diff` |
| 2 | a command line that is none |
| 70 | a fault of potentia itself |
| 130 | interrupted |
"""


def commands_page() -> str:
    """The page in Markdown, a section for each command."""
    return "\n".join([_HEAD, *(_section(name) for name in COMMANDS)])


def _section(name: str) -> str:
    # Typer brings its own copy of click, whose classes have no types
    command: Any = typer.main.get_command(application(name))
    command = command.commands[name]
    text, examples = _parted(command.help or "")
    context = command.context_class(command, info_name=name)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    usage = " ".join(["potentia", name, *(_shown(p) for p in arguments), "[OPTIONS]"])
    parts = [f"## {name}", text, f"```sh\n{usage}\n```"]
    if examples:
        parts.append(f"```sh\n{examples}\n```")
    rows = [f"| `{_shown(p)}` | {cell(p.help or '')} |" for p in arguments]
    rows += [_option(*p.get_help_record(context)) for p in options]
    parts.append("\n".join(["| argument or option | meaning |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _parted(help: str) -> tuple[str, str]:
    """The description, and the lines of its examples."""
    found = _EXAMPLES.search(help)
    text = help[: found.start()] if found else help
    lines = found[1].splitlines() if found else []
    return plain(text.replace("\x08", "").strip()), "\n".join(line.strip() for line in lines).strip()


def _shown(argument: Any) -> str:
    word = argument.metavar or argument.name.upper()
    return f"{word}…" if argument.nargs != 1 and not word.endswith("...") else str(word)


def _option(flags: str, help: str) -> str:
    return f"| `{flags}` | {cell(help.replace('  [required]', ' Required.'))} |"
