"""The styles of pairs: a term for each of their cutoffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, nan, sqrt

from ....compiler.chemistry.elements import ELEMENTS
from .calls import Call, Row, length
from .commands import Command
from .settings import Pair, Settings, Style

# the term of a style and its parameters in the order of `pair_coeff`
TERMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "lj/cut": ("lj", ("epsilon", "sigma")),
    "morse": ("morse", ("D", "a", "r0")),
    "buck": ("buckingham", ("A", "rho", "C")),
    "born": ("born", ("A", "rho", "sigma", "C", "D")),
}
_SYMBOLS = {z: symbol for symbol, (z, _) in ELEMENTS.items()}
_ZBL_LENGTH = "0.46850 Å"  # LAMMPS's own
Numbers = tuple[float, ...]


def mixed_pairs(settings: Settings) -> list[Pair]:
    """Pairs without coefficients that LAMMPS mixes of those of the two types; they are entered here."""
    entered = []
    for i in range(1, settings.types.n + 1):
        for j in range(i + 1, settings.types.n + 1):
            if (i, j) in settings.acting:
                continue
            ends = [settings.acting.get((k, k), []) for k in (i, j)]
            if ends[0] and ends[0] == ends[1] and all(s.name in ("lj/cut", "zbl", "eam") for s in ends[0]):
                settings.acting[i, j] = list(ends[0])
                entered.append((i, j))
    return entered


def pair_calls(settings: Settings, style: Style, mixed: Sequence[Pair]) -> list[Call]:
    """The calls of terms that a style of pairs is.

    Raises ArtifactError: malformed-input, unsupported-input.
    """
    if style.name == "zbl":
        return _zbl(settings, style, [p for p in mixed if style in settings.acting[p]])
    term, names = TERMS[style.name]
    cutoff = _cutoff(style)
    rows: dict[Pair, Numbers] = {}
    for pair, (line, words) in style.pairs.items():
        rows[pair] = _numbers(line, words, names, cutoff, style)
    for pair in mixed:
        if style in settings.acting[pair]:
            rows[pair] = _mixed_soundly(settings, style, pair, rows)
    return _by_cutoff(settings, style, term, names, rows)


def _cutoff(style: Style) -> float:
    if len(style.arguments) != 1:
        message = f"`{style.name}` has one cutoff, not {len(style.arguments)} arguments"
        raise style.line.error(message, f"usage: pair_style {style.name} 6.0")
    return _positive(style.line, style.arguments[0], "the cutoff")


def _positive(line: Command, word: str, what: str) -> float:
    value = line.number(word)
    if value <= 0.0:
        raise line.error(f"{what} is {value:g}, but has to be positive")
    return value


def _numbers(
    line: Command, words: Sequence[str], names: Sequence[str], cutoff: float, style: Style
) -> Numbers:
    """The parameters, then the cutoff."""
    n = len(names)
    if len(words) not in (n, n + 1):
        given = f"{', '.join(names)}, and perhaps a cutoff"
        message = f"`{style.name}` has {n} coefficients, {given}, not {len(words)} numbers"
        raise line.error(message)
    own = _positive(line, words[n], "the cutoff") if len(words) > n else cutoff
    return (*map(line.number, words[:n]), own)


def _mixed_soundly(settings: Settings, style: Style, pair: Pair, rows: Mapping[Pair, Numbers]) -> Numbers:
    """As `_mixed`. Raises ArtifactError where the rule gives no number."""
    one, other = (rows[k, k] for k in pair)
    try:
        found = _mixed(style, one, other)
    except (ValueError, ArithmeticError):  # a root of a negative number, 0/0
        found = (nan,)
    if not all(map(isfinite, found)):
        line, _ = style.pairs[pair[1], pair[1]]
        name = settings.types.pair_name(pair)
        message = f"`mix {style.mixing}` makes no numbers for {name} of {one[:2]} and {other[:2]}"
        raise line.error(message, f"write them: pair_coeff {pair[0]} {pair[1]} …")
    return found


def _mixed(style: Style, one: Numbers, other: Numbers) -> Numbers:
    """epsilon, sigma and cutoff of unlike atoms, by the rule of `pair_modify mix`."""
    (e, s, c), (f, t, d) = one, other
    if style.mixing == "sixthpower":
        strength = 2.0 * sqrt(e * f) * s**3 * t**3 / (s**6 + t**6)
        return strength, _sixth(s, t), _sixth(c, d)
    if style.mixing == "arithmetic":
        return sqrt(e * f), 0.5 * (s + t), 0.5 * (c + d)
    return sqrt(e * f), sqrt(s * t), sqrt(c * d)


def _sixth(a: float, b: float) -> float:
    return float((0.5 * (a**6 + b**6)) ** (1.0 / 6.0))


# --- terms ---------------------------------------------------------------------------------------------


def _by_cutoff(
    settings: Settings, style: Style, term: str, names: Sequence[str], rows: dict[Pair, Numbers]
) -> list[Call]:
    """A call for each cutoff; a pair of another cutoff has strength 0 in it."""
    found = by_elements(settings, style, rows)
    calls = []
    for cutoff in dict.fromkeys(row[-1] for row in found.values()):
        own = {pair: row for pair, row in found.items() if row[-1] == cutoff}
        species = [s for s in settings.types.species if any(s in pair for pair in own)]
        filling = next(iter(own.values()))
        pairs = [(a, b) for k, a in enumerate(species) for b in species[k:]]
        nothing = frozenset(pair for pair in pairs if pair not in own)
        numbers: dict[str, dict[Row, float]] = {name: {} for name in names}
        for pair in pairs:
            for k, name in enumerate(names):
                is_strength = k == 0 or name in ("C", "D")
                numbers[name][pair] = own[pair][k] if pair in own else 0.0 if is_strength else filling[k]
        arguments = {"rc": length(cutoff), "switch": "shifted" if style.shifted else "hard"}
        only = tuple(species) if len(species) < len(settings.types.species) else ()
        calls.append(Call(term, only, arguments, numbers, nothing))
    return calls


def by_elements(settings: Settings, style: Style, rows: dict[Pair, Numbers]) -> dict[Row, Numbers]:
    """Rows by elements. Raises ArtifactError where two types are one element with other numbers."""
    found: dict[Row, Numbers] = {}
    order = settings.types.species
    for (i, j), row in sorted(rows.items()):
        line = style.pairs[i, j][0] if (i, j) in style.pairs else style.line
        pair = _required(settings, line, (i, j))
        pair = tuple(sorted(pair, key=order.index))
        if found.setdefault(pair, row) != row:
            message = (
                f"types of one element have other coefficients: those of {'-'.join(pair)} are there twice"
            )
            raise line.error(message, "an element has one set of numbers in a spec", "unsupported-input")
    return found


def _required(settings: Settings, line: Command, pair: Pair) -> Row:
    return tuple(settings.types.required(line, k) for k in pair)


# --- ZBL -----------------------------------------------------------------------------------------------


def named_by_charges(settings: Settings, style: Style) -> None:
    """Elements that the nuclear charges of `zbl` say. Raises ArtifactError malformed-input."""
    for pair, (line, words) in style.pairs.items():
        if len(words) != 2:
            raise line.error(
                f"`zbl` has two nuclear charges, not {len(words)} numbers", "usage: pair_coeff 1 1 41 41"
            )
        for k, word in zip(pair, words, strict=True):
            z = line.number(word)
            if z not in _SYMBOLS:
                message = f"the nuclear charge `{word}` is that of no element"
                raise line.error(message, "the term `zbl` has whole charges", "unsupported-input")
            settings.types.element(line, k, _SYMBOLS[int(z)])


def _zbl(settings: Settings, style: Style, mixed: Sequence[Pair]) -> list[Call]:
    """A call for each set of species that all act on one another."""
    if len(style.arguments) != 2:
        message = f"`zbl` has an inner and an outer cutoff, not {len(style.arguments)} arguments"
        raise style.line.error(message, "usage: pair_style zbl 1.0 2.0")
    inner, outer = (style.line.number(word) for word in style.arguments)
    if not 0.0 < inner < outer:
        message = f"the cutoffs are {inner:g} and {outer:g} Å, but should be 0 < inner < outer"
        raise style.line.error(message)
    arguments = {"inner": length(inner), "outer": length(outer), "switch": "lammps", "a0": _ZBL_LENGTH}
    pairs = {frozenset(_required(settings, style.line, pair)) for pair in (*style.pairs, *mixed)}
    calls = []
    for group in _groups(settings.types.species, pairs):
        lacking = [
            f"{a}-{b}" for k, a in enumerate(group) for b in group[k:] if frozenset((a, b)) not in pairs
        ]
        if lacking:
            message = f"`zbl` acts on other pairs of {', '.join(group)}, and not on {', '.join(lacking)}"
            help = "the term `zbl` acts on all pairs of its species: add lines for those pairs"
            raise style.line.error(message, help, "unsupported-input")
        only = group if len(group) < len(settings.types.species) else ()
        calls.append(Call("zbl", only, arguments, {}, pinned=True))
    return calls


def _groups(species: Sequence[str], pairs: set[frozenset[str]]) -> list[tuple[str, ...]]:
    """The species that pairs join to one another, in order."""
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [g for g in groups if g & pair]
        groups = [g for g in groups if g not in touched] + [set(pair).union(*touched)]
    ordered = [tuple(s for s in species if s in group) for group in groups]
    return sorted(ordered, key=lambda group: species.index(group[0]))
