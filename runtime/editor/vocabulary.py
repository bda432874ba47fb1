"""The words of the language with their meaning, for completion, hover and highlighting.

The words are the compiler's own tables; only the sentences are written here, and a test asks for all.
"""

from __future__ import annotations

from ...compiler.chemistry.elements import ELEMENTS
from ...compiler.chemistry.units import UNITS
from ...compiler.declarations import library
from ...compiler.declarations.keywords import ENERGIES, INDICES, KEYWORDS
from ...compiler.elaborate.builtins import BUILTINS
from ...compiler.elaborate.radial_bases import FAMILIES

KEYWORD_HELP = {
    "import": "`import \"core.pes\"` lends the terms and names of another file, relative to this one.",
    "species": "`species Li, La` names the species; after `per`: one value for each species.",
    "let": "`let name = …` names a number or a term. A term that is named so is one instance.",
    "term": "`term name(rc = 5 Å) { … }` declares a term, `term name() = …` another name of an energy.",
    "param": "`param D = 0.5 eV in (0 eV, 10 eV) per pair`: a number that a fit changes.",
    "fixed": "`fixed`: a parameter that is not fitted.",
    "pin": "`pin` before a term: pruning may never touch it. It changes nothing in the energy.",
    "sum": "`sum(j) …` sums the product that follows over the neighbours j of the atom in hand.",
    "in": "`in (lower, upper)`: the bounds of a parameter.",
    "per": "`per species`, `pair`, `ordered pair`, `triple`, `ordered triple`, `model`: one value for each.",
}  # fmt: skip

# what follows `per`
SHARING_HELP = {
    "species": "one value for each species",
    "pair": "one value for each unordered pair of species",
    "ordered pair": "one value for each ordered pair of species: `D(i, j)` is not `D(j, i)`",
    "triple": "one value for each species of i and unordered pair of j, k",
    "ordered triple": "one value for each species of i, of j, of k",
    "model": "one value",
}

ENERGY_HELP = {
    "pair": ("pair(r) = ", "the energy of a pair of atoms at distance r"),
    "triple": ("triple(r_ij, r_ik, cos_jik) = ", "the energy of an atom with two of its neighbours"),
    "site": ("site(i) = ", "the energy of an atom"),
}

GEOMETRY_HELP = {
    "r": "distance, Å",
    "u": "direction from the first atom to the second, three components",
    "cos": "cosine of the angle at i",
}
GEOMETRY = ("r_ij", "r_ik", "r_jk", "u_ij", "u_ik", "cos_jik")


def unit_help(name: str) -> str:
    """`nm`: `1 nm = 10 Å`."""
    factor, unit = UNITS[name]
    return f"1 {name} = {factor:.9g}{'' if str(unit) == '1' else f' {unit}'}"


def species_help(name: str) -> str:
    number, radius = ELEMENTS[name]
    return f"element {number}, covalent radius {radius:g} Å"


def vocabulary() -> dict[str, tuple[str, ...]]:
    """All words that have a meaning of their own, by their sort, for highlighting."""
    sharings = {word for words in SHARING_HELP for word in words.split()}
    return {
        "keyword": KEYWORDS,
        "sharing": tuple(sorted(sharings)),
        "function": tuple(BUILTINS),
        "basis": tuple(FAMILIES),
        "term": library.term_names(),
        "unit": tuple(UNITS),
        "species": tuple(ELEMENTS),
        "constant": ("pi",),
        "energy": ("E", *ENERGIES),
        "index": INDICES,
    }
