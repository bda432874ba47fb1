"""An input of LAMMPS as commands: comments and continued lines taken away, and what is none of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ....compiler.diagnostics.diagnostic import did_you_mean
from ...files.lines import Line, text_of

READ = ("units", "pair_style", "pair_coeff", "pair_modify", "labelmap", "mass")
# they change no energy of given atoms, or only name the atoms; a variable counts where it is used
_WORDS = """
atom_modify atom_style balance boundary box change_box clear comm_modify comm_style compute compute_modify
create_atoms create_box delete_atoms dielectric dimension displace_atoms dump dump_modify echo fix fix_modify
group info lattice log min_modify min_style minimize neb neigh_modify neighbor newton next package partition
plugin print processors read_data read_dump read_restart region replicate reset_atoms reset_timestep restart
run run_style set shell suffix thermo thermo_modify thermo_style timer timestep uncompute undump unfix
variable velocity write_coeff write_data write_dump write_restart
"""
_WITHOUT_EFFECT = frozenset(_WORDS.split())
_REFUSED = {
    "include": "write the lines of that file here",
    "if": "keep the lines of one case",
    "jump": "keep the lines of one case",
    "label": "keep the lines of one case",
    "kspace_style": "terms of potentia end at a cutoff: `coulomb_cut` is the damped sum",
    "bond_style": "potentia has no bonds of fixed partners",
    "angle_style": "potentia has no bonds of fixed partners",
    "dihedral_style": "potentia has no bonds of fixed partners",
    "improper_style": "potentia has no bonds of fixed partners",
    "special_bonds": "potentia has no bonds of fixed partners",
}
_BOX = ("create_box", "read_data", "read_restart")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w))")
_PLAIN = re.compile(r"[-+]?[\w.]+(?:[-+]\d+)?")  # no formula
_WORD = re.compile(r"""\"{3}(.*?)\"{3}|"([^"]*)"|'([^']*)'|#(.*)|([^\s#]+)""", re.DOTALL)


@dataclass(frozen=True)
class Command(Line):
    """A command and its arguments. comment: after `#`."""

    comment: str = ""

    @property
    def name(self) -> str:
        return self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.words[1:]


def commands_of(path: Path) -> list[Command]:
    """The commands of an input that an energy depends on.

    Raises ArtifactError: missing-file, unreadable-file, unknown-keyword, unsupported-input, malformed-input.
    """
    commands = list(_with_values(_joined(path)))
    names = [c.name for c in commands]
    made = next((c for c in commands if c.name in _BOX), None)
    if made is not None and "units" not in names:
        message = "there is no line `units`, and LAMMPS takes `units lj` then"
        raise made.error(message, "write `units metal` where numbers are in eV and Å", "unsupported-input")
    return [c for c in commands if _is_read(c)]


def _with_values(commands: Iterable[Command]) -> Iterator[Command]:
    """Commands with the values of variables that are one word: `variable z equal 73`, then `${z}`."""
    known: dict[str, str] = {}
    for command in commands:
        if command.name == "variable" and len(command.arguments) > 1:
            name, style, *values = command.arguments
            if style == "index":
                known.setdefault(name, values[0] if values else "")  # a value that is there stays
            elif style in ("equal", "string") and len(values) == 1:
                known[name] = values[0]
            else:
                known.pop(name, None)
        elif command.name in READ:
            words = tuple(_VARIABLE.sub(lambda found: _value(known, found), word) for word in command.words)
            command = replace(command, words=words)
        yield command


def _value(known: Mapping[str, str], found: re.Match[str]) -> str:
    """What a variable is worth where that is a word or number, else its name."""
    value = known.get(found[1] or found[2], "")
    return value if _PLAIN.fullmatch(value) else found[0]


def place_of(path: Path, number: int | None, code: str = "malformed-input") -> Line:
    """A line of an input, or the file as a whole, as the place of faults."""
    return Line(str(path) if number is None else f"{path}, line {number}", (), code)


def _joined(path: Path) -> Iterator[Command]:
    """LAMMPS joins lines before it looks for comments, and puts nothing between them."""
    held: tuple[int, str] | None = None
    for number, line in enumerate(text_of(path).removesuffix("\n").split("\n"), 1):
        first, before = held or (number, "")
        text = before + line.rstrip()
        if text.endswith("&"):
            held = (first, text[:-1])
        elif text.count('"""') % 2:
            held = (first, text + "\n")
        else:
            held = None
            words, comment = _parted(text)
            place = place_of(path, first)
            if words:
                yield Command(place.place, words, place.code, comment)
    if held is not None:
        why = "three quotes are not closed" if held[1].endswith("\n") else "its last line ends with `&`"
        raise place_of(path, held[0]).error(f"the file ends in the middle of a command: {why}")


def _parted(text: str) -> tuple[tuple[str, ...], str]:
    """The words of a line, those in quotes without them, and the comment."""
    words: list[str] = []
    for found in _WORD.finditer(text):
        if found[4] is not None:
            return tuple(words), found[4].strip()
        words.append(next(part for part in found.groups() if part is not None))
    return tuple(words), ""


def _is_read(command: Command) -> bool:
    name = command.name
    if name == "neigh_modify" and "exclude" in command.arguments:
        message = "`neigh_modify exclude` takes pairs of atoms out of the energy"
        raise command.error(message, "a term acts on all pairs of its species", "unsupported-input")
    if name in _WITHOUT_EFFECT:
        return False
    if name in READ:
        odd = next((w for w in command.words if "$" in w), None)
        if odd is not None:
            message = f"`{odd}` has a variable, and formulas of variables are not worked out"
            raise command.error(message, "write its value", "unsupported-input")
        if "&" in command.words:
            help = "it continues a line only as the last character, without a comment behind it"
            raise command.error("`&` is a word of the command here", help)
        return True
    if name in _REFUSED:
        raise command.error(f"`{name}` is not read", _REFUSED[name], "unsupported-input")
    help = did_you_mean(name, [*READ, *_REFUSED]) or f"known: {', '.join(READ)}"
    raise command.error(f"unknown keyword `{name}`", help, "unknown-keyword")
