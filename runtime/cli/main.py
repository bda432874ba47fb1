"""The command `potentia`: its commands, and what becomes of their errors.

Results go to stdout, messages and progress to stderr. Exit codes: 0 fine, 1 the user's errors (in a spec, in
data, on the disk), 2 usage, 70 our own fault, 130 interrupted.
"""

from __future__ import annotations

import ast
import errno
import gc
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from ...compiler.diagnostics.diagnostic import Diagnostic, InternalError, UserError
from . import console, interruption, recording, together
from .interruption import INTERRUPTED

OURS = 70  # EX_SOFTWARE
# the collector of garbage would go over what was imported again and again: a fifth of a short command's time
_OBJECTS = 200_000
_UsageError: Any = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

COMMANDS = (
    *("check", "fmt", "compile", "diff", "fit", "eval", "predict", "fisher", "grow", "prune"),
    *("properties", "design"),
    *("md", "analyze", "active"),
    *("report", "log", "import", "export", "git-setup", "lsp", "explain", "doctor", "cache"),
    *("help", "completion"),
)


def _tell_version() -> None:
    from ..files.installed import version_of

    own = version_of("potentia")
    console.result(f"potentia {own}" if own else "potentia, not installed")


def _version(wanted: bool) -> None:
    if wanted:
        _tell_version()
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", "-V", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def application(first: str | None = None) -> typer.Typer:
    """The command line: with the command that the first word names, else with a list of all of them.

    Declaring their options takes time, and a list shows none.
    """
    app = typer.Typer(
        name="potentia",
        help="A compiler for interatomic potentials: write the formula, fit it, run it.",
        no_args_is_help=True,
        rich_markup_mode=None,  # plain help starts three times faster
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    app.callback()(_options)
    if first in COMMANDS:
        app.command(first)(import_module(f".{first.replace('-', '_')}", __package__).command)
    else:
        for name in COMMANDS:
            app.command(name)(_listed(name))
    return app


def _listed(name: str) -> Callable[[], None]:
    """A command for the list of all: it has the docstring of the real one, whose module is not imported."""
    source = Path(__file__).with_name(f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]

    def listed() -> None:
        raise InternalError(f"`{name}` is listed, not run")

    listed.__doc__ = next(ast.get_docstring(f) for f in functions if f.name == "command")
    return listed


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. Everything that goes wrong ends in a message here."""
    if argv is not None:
        return _run(argv)
    as_json = "--json" in sys.argv
    gc.set_threshold(_OBJECTS)
    warnings.showwarning = console.showing(as_json)
    try:
        with interruption.heard(as_json):
            code = together.run(sys.argv[1:], _run)
            interruption.finished(code)
            if code:
                interruption.end_compilers()
    except KeyboardInterrupt:  # before the command, or behind it
        console.report([interruption.answered()], as_json)
        code = INTERRUPTED
    if code == INTERRUPTED:
        interruption.end()
    return code


def _run(given: Sequence[str]) -> int:
    arguments = list(given) or ["--help"]
    as_json = "--json" in _parted(arguments)[0]
    interruption.begin()
    recording.begin()
    try:
        quick = _quick(arguments)
        if quick is not None:
            return quick
        app = application(next((word for word in arguments if word != "--"), None))
        code = app(list(arguments), prog_name="potentia", standalone_mode=False)
        if code == INTERRUPTED:  # Typer catches the exception itself
            raise KeyboardInterrupt
        if not given:  # the help was shown, and nothing was done
            return 2
        return code if isinstance(code, int) else 0
    except UserError as error:
        console.report(error.diagnostics, as_json)
        return 1
    except _UsageError as error:
        console.report([_usage(error)], as_json)
        return 0 if _by_git(arguments) else int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        console.report([interruption.answered()], as_json)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output is gone: `potentia … | head`
        console.silence(sys.stdout)
        return 0
    except OSError as error:
        known = error.errno in _CONDITIONS
        console.report([_condition(error) if known else _ours(error)], as_json)
        return 0 if _by_git(arguments) else 1 if known else OURS
    except Exception as error:
        if interruption.is_heard():
            console.report([interruption.answered()], as_json)
            return INTERRUPTED
        console.report([_ours(error)], as_json)
        return 0 if _by_git(arguments) else OURS


# flags of commands that are called as they are, without Typer's reading of arguments
_QUICK = {
    "check": {"--json", "--strict", "--fix", "--conflicts"},
    "fmt": {"--json", "--check", "--diff"},
    "diff": {"--json", "--git", "--textconv", "--markdown"},
}
_QUICK_VALUES: dict[str, set[str]] = {"diff": {"--gate"}}  # options of theirs that have a value


def _quick(arguments: Sequence[str]) -> int | None:
    """`-V`, and `check FILE…`, `fmt FILE…` and `diff A B` with plain flags, called as they are; None else.

    Typer's reading of arguments loads pydantic, a quarter of the half second in which these should answer.
    """
    name = next(iter(arguments), "")
    if name in ("--version", "-V"):
        _tell_version()
        return 0
    if name not in _QUICK:
        return None
    options, others = _parted(arguments[1:])
    flags, files = _read(name, options)
    files += others
    if not files or not set(flags) <= _QUICK[name] | _QUICK_VALUES.get(name, set()):
        return None
    command = import_module(f".{name}", __package__).command
    paths = [Path(f) for f in files] if name == "check" else files
    return int(command(paths, **{flag[2:]: value for flag, value in flags.items()}))


def _read(command: str, words: Sequence[str]) -> tuple[dict[str, str | bool], list[str]]:
    """Options of a quick command with their values, and the words that are none."""
    flags: dict[str, str | bool] = {}
    files = []
    rest = iter(words)
    for word in rest:
        flag, given, value = word.partition("=")
        if flag in _QUICK_VALUES.get(command, ()):
            flags[flag] = value if given else next(rest, "")
        elif word.startswith("-") and word != "-":
            flags[word] = True
        else:
            files.append(word)
    return flags, files


_GIT = ("--git", "--textconv")  # what follows is words of git, such as the name of a file `-x.pes`


def _parted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words that may be options, and those that are none."""
    words = list(arguments)
    end = next((k for k, word in enumerate(words) if word in _GIT or word == "--"), len(words))
    after = words[end + 1 :]
    if words[end : end + 1] == ["--"]:
        return words[:end], after
    return words[: end + 1], after[1:] if after[:1] == ["--"] else after


def _by_git(arguments: Sequence[str]) -> bool:
    """Whether git calls: it shows no further file where a command of its own fails."""
    return arguments[:1] == ["diff"] and arguments[1:2] in (["--git"], ["--textconv"])


def _usage(error: Any) -> Diagnostic:
    context = getattr(error, "ctx", None)
    help = f"`{context.command_path} --help` shows the options" if context is not None else None
    message = str(error.format_message()).strip()
    takes_files = context is not None and any(p.name == "data" for p in context.command.params)
    if takes_files and "extra argument" in message:
        help = "a pattern that stands for several files needs quotes: `--data 'calc/*/OUTCAR'`"
    return Diagnostic("usage", message[:1].lower() + message[1:].rstrip("."), help=help)


# what a disk, its permissions or the length of a name may answer whoever asks
_CONDITIONS = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENAMETOOLONG),
    *(errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ESTALE, errno.EMFILE, errno.ENFILE),
)


def _condition(error: OSError) -> Diagnostic:
    """A file that the system does not let us use, wherever we met it; our output, where it has no name."""
    if error.filename is None:
        console.silence(sys.stdout)
        return Diagnostic("unwritable", f"cannot write: {error.strerror}")
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    message = f"cannot use `{name}`: {error.strerror}"
    denied = error.errno in (errno.EACCES, errno.EPERM)
    help = "every folder above it needs the permission to be entered (x)" if denied else None
    return Diagnostic("unusable-file", message, place=name, help=help)


def _ours(error: Exception) -> Diagnostic:
    """Our own fault, with its traceback in a file that can be sent."""
    lines = traceback.format_exception(error)
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", prefix="potentia-", suffix=".txt", delete=False
        ) as file:
            file.write("".join(lines))
        where = f"please report it with {file.name}"
    except OSError:
        where = "please report it with this:\n" + "".join(lines)
    first = next(iter(str(error).splitlines()), "")
    message = f"a fault of potentia itself: {type(error).__name__}{': ' + first if first else ''}"
    return Diagnostic("internal-error", message, help=where)


if __name__ == "__main__":
    sys.exit(main())
