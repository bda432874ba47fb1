"""Scripts of shells that complete the command line, with all of its words in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .command_words import HELP, Command, Option

_VERSION = Option(("--version", "-V"), "Print the version", has_value=False)


def bash(commands: Sequence[Command]) -> str:
    """The script for bash: words from its own list, else files."""
    names = " ".join([*(c.name for c in commands), *_VERSION.flags, *HELP.flags])
    cases = "\n".join(_bash_case(c) for c in commands)
    return f"""\
# completion of potentia for bash; `potentia completion bash` writes it
_potentia() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} options='' values=''
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W '{names}' -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
    if [ -n "$values" ]; then
        COMPREPLY=($(compgen -W "$values" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    fi
}}
complete -o default -F _potentia potentia
"""


def _bash_case(command: Command) -> str:
    flags = " ".join(flag for option in command.options for flag in option.flags)
    lines = [f"    {command.name})", f"        options='{flags}'"]
    chosen = [o for o in command.options if o.values]
    if chosen:
        lines.append("        case $before in")
        lines += [f"        {'|'.join(o.flags)}) values='{' '.join(o.values)}' ;;" for o in chosen]
        lines.append("        esac")
    if command.values:
        lines.append(f"        [ \"$COMP_CWORD\" -eq 2 ] && values='{' '.join(command.values)}'")
    return "\n".join([*lines, "        ;;"])


def zsh(commands: Sequence[Command]) -> str:
    """The script for zsh, with the help of each word."""
    listed = "\n".join(f"        {_quoted(f'{c.name}:{_zsh_text(c.help)}')}" for c in commands)
    cases = "\n".join(_zsh_case(c) for c in commands)
    return f"""\
#compdef potentia
# completion of potentia for zsh; `potentia completion zsh` writes it
_potentia() {{
    local state line commands
    commands=(
{listed}
    )
    _arguments -C '(-V --version)'{{-V,--version}}'[{_VERSION.help}]' \\
        '(-h --help)'{{-h,--help}}'[{HELP.help}]' \\
        '1:command:->command' '*::arguments:->arguments'
    case $state in
    command) _describe command commands ;;
    arguments)
        case $line[1] in
{cases}
        esac
        ;;
    esac
}}
if [ "$funcstack[1]" = _potentia ]; then _potentia "$@"; else compdef _potentia potentia; fi
"""


def _zsh_case(command: Command) -> str:
    words = [_quoted(word) for option in command.options for word in _zsh_option(option)]
    what = f"1:value:({' '.join(command.values)})" if command.values else "*:file:_files"
    body = " \\\n                ".join([*words, _quoted(what)])
    return f"        {command.name})\n            _arguments \\\n                {body}\n            ;;"


def _zsh_option(option: Option) -> Iterator[str]:
    values = f"({' '.join(option.values)})" if option.values else "_files"
    taken = f":value:{values}" if option.has_value else ""
    for flag in option.flags:
        # options may be given again: several take a list
        yield f"*{flag}[{_zsh_text(option.help)}]{taken}"


def _zsh_text(text: str) -> str:
    return "".join(f"\\{c}" if c in "[]:\\" else c for c in text)


def fish(commands: Sequence[Command]) -> str:
    """The script for fish, with the help of each word."""
    lines = ["# completion of potentia for fish; `potentia completion fish` writes it"]
    for option in (_VERSION, HELP):
        lines.append(f"complete -c potentia -n __fish_use_subcommand -f {_fish_flags(option)}")
    for c in commands:
        lines.append(
            f"complete -c potentia -n __fish_use_subcommand -f -a {c.name} -d {_quoted_fish(c.help)}"
        )
        inside = f"complete -c potentia -n '__fish_seen_subcommand_from {c.name}'"
        if c.values:
            lines.append(f"{inside} -f -a '{' '.join(c.values)}'")
        for option in c.options:
            values = f" -x -a '{' '.join(option.values)}'" if option.values else ""
            taken = values or (" -r" if option.has_value else "")
            lines.append(f"{inside} {_fish_flags(option)}{taken}")
    return "\n".join(lines) + "\n"


def _fish_flags(option: Option) -> str:
    long = [f"-l {flag[2:]}" for flag in option.flags if flag.startswith("--")]
    short = [f"-s {flag[1:]}" for flag in option.flags if not flag.startswith("--")]
    return " ".join([*long, *short, f"-d {_quoted_fish(option.help)}"])


def _quoted(text: str) -> str:
    """A word of bash and zsh, taken as it is."""
    return "'" + text.replace("'", "'\\''") + "'"


def _quoted_fish(text: str) -> str:
    """A word of fish, taken as it is."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCRIPTS: dict[str, Callable[[Sequence[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
