"""An input of LAMMPS as commands: comments and continued lines taken away, and what is none of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ....compiler.diagnostics.diagnostic import did_you_mean
from ...files.lines import Line, text_of

READ = ("units", "pair_style", "pair_coeff", "pair_modify", "labelmap", "mass")
# they change no energy of given atoms, or only name the atoms
_WORDS = """
atom_modify atom_style balance boundary box change_box clear comm_modify comm_style compute compute_modify
create_atoms create_box delete_atoms dielectric dimension displace_atoms dump dump_modify echo fix fix_modify
group info lattice log min_modify min_style minimize neb neigh_modify neighbor newton next package partition
plugin print processors read_data read_dump read_restart region replicate reset_atoms reset_timestep restart
run run_style set shell suffix thermo thermo_modify thermo_style timer timestep uncompute undump unfix
velocity write_coeff write_data write_dump write_restart
"""
_WITHOUT_EFFECT = frozenset(_WORDS.split())
_REFUSED = {
    "include": "write the lines of that file here",
    "variable": "write its value where it is used",
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
    return [c for c in _joined(path) if _is_read(c)]


def place_of(path: Path, number: int | None, code: str = "malformed-input") -> Line:
    """A line of an input, or the file as a whole, as the place of faults."""
    return Line(str(path) if number is None else f"{path}, line {number}", (), code)


def _joined(path: Path) -> list[Command]:
    found: list[Command] = []
    held: tuple[int, str] | None = None
    for number, line in enumerate(text_of(path).splitlines(), 1):
        text, _, comment = line.partition("#")
        first, before = held or (number, "")
        text = f"{before} {text}".strip()
        held = (first, text[:-1]) if text.endswith("&") else None
        if held is None and text:
            words = tuple(word.strip("\"'") for word in text.split())
            place = place_of(path, first)
            found.append(Command(place.place, words, place.code, comment.strip()))
    if held is not None:
        raise place_of(path, held[0]).error(
            "the file ends in the middle of a command: its last line ends with `&`"
        )
    return found


def _is_read(command: Command) -> bool:
    name = command.name
    if name in _WITHOUT_EFFECT:
        return False
    if name in READ:
        odd = next((w for w in command.words if "$" in w), None)
        if odd is not None:
            message = f"`{odd}` has a variable, and their values are not worked out"
            raise command.error(message, "write its value", "unsupported-input")
        return True
    if name in _REFUSED:
        raise command.error(f"`{name}` is not read", _REFUSED[name], "unsupported-input")
    help = did_you_mean(name, [*READ, *_REFUSED]) or f"known: {', '.join(READ)}"
    raise command.error(f"unknown keyword `{name}`", help, "unknown-keyword")
