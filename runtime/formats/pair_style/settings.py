"""What an input says: the elements of atom types, the styles, and the coefficients of each pair of types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ....compiler.diagnostics.diagnostic import did_you_mean
from ..not_read import STYLES as NOT_READ
from ..not_read import WAY_ROUND
from .commands import Command, place_of
from .elements import Types

Pair = tuple[int, int]
PAIR_STYLES = ("lj/cut", "morse", "buck", "born", "zbl", "table", "eam")
FILE_STYLES = ("sw", "tersoff", "snap", "eam/alloy", "eam/fs", "uf3")
_FILES = {"snap": ("FILE.snapcoeff", "FILE.snapparam")}  # of a style that has more than one
STYLES = (*PAIR_STYLES, *FILE_STYLES)
_HYBRIDS = ("hybrid", "hybrid/overlay")
_SUFFIXES = ("/omp", "/gpu", "/kk", "/kk/host", "/kk/device", "/intel", "/opt")


@dataclass
class Style:
    """A style of `pair_style`.

    number: among those of its name, from 1. shifted, mixing: of `pair_modify`. pairs: the coefficients of
    pairs of types, the smaller first, with their line. elements: of a style with a file, by type, None for
    `NULL`.
    """

    name: str
    arguments: tuple[str, ...]
    line: Command
    number: int = 1
    shifted: bool = False
    mixing: str = "geometric"
    pairs: dict[Pair, tuple[Command, tuple[str, ...]]] = field(default_factory=dict)
    elements: tuple[str | None, ...] = ()


@dataclass
class Settings:
    """An input as far as an energy depends on it. acting: the styles of each pair of types, in order."""

    path: Path
    types: Types
    styles: list[Style]
    hybrid: str | None
    acting: dict[Pair, list[Style]] = field(default_factory=dict)


def settings_of(path: Path, commands: Sequence[Command]) -> Settings:
    """Raises ArtifactError: unknown-style, unsupported-input, malformed-input."""
    by_name: dict[str, list[Command]] = {}
    for command in commands:
        by_name.setdefault(command.name, []).append(command)
    _units(by_name.get("units", []))
    types = Types.of(by_name)
    styles, hybrid = _styles(path, by_name.get("pair_style", []))
    found = Settings(path, types, styles, hybrid)
    for command in commands:
        if command.name == "pair_coeff":
            _coefficients(found, command)
        elif command.name == "pair_modify":
            _modified(found, command)
    return found


def _units(found: Sequence[Command]) -> None:
    for command in found:
        if command.arguments != ("metal",):
            message = f"`{' '.join(command.words)}`: numbers are read in metal units, eV and Å"
            help = "convert the coefficients; LAMMPS's page `units` has the factors"
            raise command.error(message, help, "unsupported-input")


# --- styles ------------------------------------------------------------------------------------------


def _styles(path: Path, found: Sequence[Command]) -> tuple[list[Style], str | None]:
    if not found:
        raise place_of(path, None).error("there is no line `pair_style`")
    if len(found) > 1:
        raise found[1].error("`pair_style` is there twice", "keep the lines of one potential")
    (line,) = found
    if not line.arguments:
        raise line.error("`pair_style` names no style", f"known: {', '.join(STYLES)}")
    first, *rest = line.arguments
    hybrid = first if first in _HYBRIDS else None
    words = rest if hybrid else list(line.arguments)
    styles: list[Style] = []
    for name, arguments in _split(line, words) if hybrid else [(_known(line, first), tuple(rest))]:
        number = 1 + sum(s.name == name for s in styles)
        styles.append(Style(name, arguments, line, number))
    return styles, hybrid


def _split(line: Command, words: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The styles of a hybrid, each with its arguments: its name is the next word that is no number."""
    parts: list[list[str]] = []
    for word in words:
        if (_is_number(word) and parts) or (parts and word in _WORDS.get(parts[-1][0], ())):
            parts[-1].append(word)
        else:
            parts.append([_known(line, word)])
    if not parts:
        raise line.error("a hybrid style names the styles that it is made of")
    return [(name, tuple(rest)) for name, *rest in parts]


# words that are arguments of a style, not the next one
_WORDS: dict[str, tuple[str, ...]] = {
    "sw": ("threebody", "on", "off"),
    "tersoff": ("shift",),
    "table": ("lookup", "linear", "spline", "bitmap"),
}


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _known(line: Command, word: str) -> str:
    """The name of a style, without the accelerator that computes it. Raises ArtifactError unknown-style."""
    name = next((word.removesuffix(s) for s in _SUFFIXES if word.endswith(s)), word)
    if name in NOT_READ:
        raise line.error(f"the style `{word}` is not read yet", WAY_ROUND, "unknown-style")
    if name not in STYLES:
        help = did_you_mean(name, STYLES)
        help = f"{help[:-1]}; known: {', '.join(STYLES)}" if help else f"known: {', '.join(STYLES)}"
        raise line.error(f"the style `{word}` has no term here", help, "unknown-style")
    return name


# --- coefficients ------------------------------------------------------------------------------------


def _coefficients(found: Settings, line: Command) -> None:
    if len(line.arguments) < 2:
        raise line.error("`pair_coeff` names two atom types", "usage: pair_coeff 1 2 …")
    first, second, *rest = line.arguments
    rows, columns = found.types.range(line, first), found.types.range(line, second)
    pairs = [(i, j) for i in rows for j in columns if i <= j]
    if not pairs:
        pairs = sorted({(j, i) for i in rows for j in columns})
    style, rest = _style_meant(found, line, rest)
    if style is None:
        for pair in pairs:
            acting = found.acting.setdefault(pair, [])
            if any(s.name in FILE_STYLES for s in acting):
                message = f"`none` takes {found.types.pair_name(pair)} out of a style with a file"
                help = f"write NULL for an element that {' and '.join(FILE_STYLES)} do not act on"
                raise line.error(message, help, "unsupported-input")
            _give_up(acting, pair)
        return
    if style.name not in PAIR_STYLES:
        pairs = _of_file(found, style, line, (first, second), rest)
    for pair in pairs:
        style.pairs[pair] = (line, tuple(rest))
    _act(found, style, line, pairs)


def _style_meant(found: Settings, line: Command, rest: list[str]) -> tuple[Style | None, list[str]]:
    """The style of the line, and what follows it; None for `none`."""
    if found.hybrid is None:
        return found.styles[0], rest
    names = [s.name for s in found.styles]
    if rest[:1] == ["none"]:
        return None, rest
    name = next(
        (rest[0].removesuffix(s) for s in _SUFFIXES if rest and rest[0].endswith(s)), rest[0] if rest else ""
    )
    if name not in names:
        message = f"`{name}` is none of the styles of `pair_style {found.hybrid}`"
        raise line.error(message, f"they are {', '.join(dict.fromkeys(names))}", "unknown-style")
    if names.count(name) == 1:
        return found.styles[names.index(name)], rest[1:]
    number = rest[1] if len(rest) > 1 else ""
    for style in found.styles:
        if style.name == name and number == str(style.number):
            return style, rest[2:]
    message = f"`{name}` is there {names.count(name)} times, and `{number}` is none of their numbers"
    raise line.error(message, f"write `{name} 1 …`")


def _of_file(
    found: Settings, style: Style, line: Command, types: tuple[str, str], rest: list[str]
) -> list[Pair]:
    """The pairs of a style whose coefficients are in a file, `* * Si.sw Si C`."""
    if types != ("*", "*"):
        raise line.error(f"`{style.name}` takes all types at once", "usage: pair_coeff * * FILE Si …")
    if style.pairs:
        raise line.error(f"the coefficients of `{style.name}` are there twice")
    files = _FILES.get(style.name, ("FILE",))
    if len(rest) != len(files) + found.types.n:
        message = (
            f"`{style.name}` takes {' and '.join(files)} and an element for each of the {found.types.n} types"
        )
        given = " ".join(rest[: len(files)] or files)
        raise line.error(message, f"usage: pair_coeff * * {given} Si …")
    style.elements = tuple(
        None if w == "NULL" else found.types.element(line, k, w) for k, w in enumerate(rest[len(files) :], 1)
    )
    mapped = [k for k, element in enumerate(style.elements, 1) if element is not None]
    return [(i, j) for i in mapped for j in mapped if i <= j]


def _act(found: Settings, style: Style, line: Command, pairs: Iterable[Pair]) -> None:
    for pair in pairs:
        others = found.acting.setdefault(pair, [])
        if found.hybrid == "hybrid" and any(s is not style for s in others):
            other = next(s for s in others if s is not style)
            if other.name in FILE_STYLES or style.name in FILE_STYLES:
                types = found.types.pair_name(pair)
                message = (
                    f"`{style.name}` and `{other.name}` both have the pair {types}: in `hybrid` one counts"
                )
                raise line.error(
                    message, "give each pair one style, or take `hybrid/overlay`", "unsupported-input"
                )
            _give_up(others, pair)
        if style not in others:
            others.append(style)


def _give_up(acting: list[Style], pair: Pair) -> None:
    """Let nothing act on a pair."""
    for style in acting:
        style.pairs.pop(pair, None)
    acting.clear()


# --- pair_modify -------------------------------------------------------------------------------------

_MIXINGS = ("geometric", "arithmetic", "sixthpower")
_LOGICAL = {"on": "yes", "true": "yes", "off": "no", "false": "no"}
_WITHOUT_EFFECT = ("tail", "table", "table/disp", "tabinner", "tabinner/disp", "compute", "neigh/trim")


def _modified(found: Settings, line: Command) -> None:
    words, styles = list(line.arguments), found.styles
    if words[:1] == ["pair"]:
        chosen, rest = _style_meant(found, line, words[1:])
        if chosen is None:
            raise line.error("`pair_modify pair` names a style")
        words, styles = rest, [chosen]
    words = [word for word in words if word != "nofdotr"]  # a way to compute the virial, without a value
    if len(words) % 2:
        raise line.error("`pair_modify` has a value for each keyword", "usage: pair_modify shift yes")
    for keyword, value in zip(words[::2], words[1::2], strict=True):
        _set(line, styles, keyword, _LOGICAL.get(value, value))


def _set(line: Command, styles: Iterable[Style], keyword: str, value: str) -> None:
    if keyword == "mix" and value in _MIXINGS:
        for style in styles:
            style.mixing = value
    elif keyword == "shift" and value in ("yes", "no"):
        for style in styles:
            style.shifted = value == "yes"
    elif keyword == "tail" and value == "yes":
        message = "`pair_modify tail yes` adds an energy of what is beyond the cutoff, which no term has"
        raise line.error(message, "write `tail no`", "unsupported-input")
    elif keyword == "compute" and value == "no":
        message = "`pair_modify compute no` leaves the style out of the energy"
        raise line.error(message, "delete the style, or this line", "unsupported-input")
    elif keyword not in _WITHOUT_EFFECT:
        known = "known: mix, shift, tail"
        raise line.error(f"`pair_modify` has no `{keyword} {value}`", known, "unknown-keyword")
