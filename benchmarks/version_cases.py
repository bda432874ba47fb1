"""The specs that two versions of potentia are compared on. Plain data: every version reads the same text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
SPECIES = ("Nb", "O")

# arguments that make a term small, or reach beyond all its starts; other terms are called without any
USUAL = {
    "nep": "rc = 5, n_max = [1, 1], basis_size = [2, 1], l_max = [2, 2, 1], neuron = 3",
    "nn": "bessel(4), hidden = [4]",
    "nn_angular": "bessel(3), bessel(2), l = 2, hidden = [4]",
    "three_body": "bessel(2), l = 2",
    "four_body": "bessel(1), l = 2",
    "five_body": "bessel(1), l = 1, densities = [0], of = [0, 1]",
    "sw": "rc = 4.6",
    "tersoff": "rc = 3.3",
    "coulomb_cut": "rc = 7",
    "zbl": "outer = 2.4",
    "zbl_flexible": "rc = 2.4",
}
# what a term can be besides
VARIANTS = {
    "lj": ("switch = shifted", "switch = hard"),
    "coulomb_cut": ("rc = 7, form = wolf",),
    "eam": (
        "density = gaussian, embedding = quadratic",
        "embedding = logarithmic",
        "basis = spline(6, start = 0.5), embedding = power",
    ),
    "pair": ("chebyshev(4)", "gaussian(5, start = 0.5)", "spline(6, start = 0.5)"),
    "zbl": ("switch = typewise, outer = 2.4", "switch = lammps, outer = 2.4"),
    "three_body": ("gaussian(3, start = 0.5), l = 4",),
    "nn": ("bessel(4), hidden = [3, 4]",),
    "nep": ("rc = 5, n_max = [1, 0], basis_size = [1, 1], l_max = [4, 0, 0], neuron = 2, network = shared",),
}


@dataclass(frozen=True)
class Parity:
    """A spec whose predictions have to agree, and the species of the structures that it is asked about."""

    name: str
    spec: str
    species: tuple[str, ...]


@dataclass(frozen=True)
class Kernel:
    """A spec or a nep.txt, and the structure that it is timed on, `niobium` or `garnet`, and its repeats."""

    name: str
    structure: str
    repeat: int
    spec: str = ""
    nep: str = ""
    precision: str = "float64"
    whole: bool = False  # the calculator of ASE as a whole, not its kernel alone

    @property
    def agreement(self) -> float:
        """The largest relative difference of what two versions say, compiled as users have it."""
        return 1e-12 if self.precision == "float64" else 1e-4

    @property
    def needs(self) -> Path | None:
        """A file without which it cannot be timed."""
        return SHARED / "llzo_25.xyz" if self.structure == "garnet" else None


def parities(quick: bool) -> list[Parity]:
    """Every term of the library for one and two species and in variants; every shipped spec."""
    found = []
    for path in sorted((ROOT / "specs" / "std").glob("*.pes")):
        call = f"{path.stem}({USUAL.get(path.stem, '')})"
        found.append(_parity(call, SPECIES))
        if not quick:
            found.append(_parity(call, SPECIES[:1]))
            found += [_parity(f"{path.stem}({v})", SPECIES) for v in VARIANTS.get(path.stem, ())]
    for path in sorted((ROOT / "specs").glob("*.pes")):
        species = ("Li", "La", "Zr", "O") if path.stem.startswith("llzo") else ("Nb",)
        if not (quick and len(species) > 1):
            found.append(Parity(path.name, path.read_text(encoding="utf-8"), species))
    return found


def _parity(call: str, species: tuple[str, ...]) -> Parity:
    names = ", ".join(species)
    return Parity(f"{call}, {names}", f"species {names}\nE = {call}\n", species)


LINEAR = "species Nb\nE = reference() + pair(bessel14, rc=5.5) + three_body(bessel5, l=3, rc=5.5)\n"
CORE = "species Nb\nE = zbl(inner=1, outer=2) + eam(rc=5)\n"
NETWORK = "species Nb\nE = zbl(inner=1, outer=2) + eam(rc=5) + nn(bessel8)\n"


def kernels(quick: bool) -> list[Kernel]:
    """Structures of bcc niobium have 2·repeat³ atoms, those of garnet 192·repeat³."""
    small = [
        Kernel("pair + three_body, 2000 atoms", "niobium", 10, LINEAR),
        Kernel("zbl + eam, 2000 atoms", "niobium", 10, CORE),
        Kernel("NEP of Li7La3Zr2O12, 192 atoms", "garnet", 1, nep="nep_std.nep.txt"),
    ]
    if quick:
        return small
    return [
        *small,
        Kernel("pair + three_body, 2000 atoms, f32", "niobium", 10, LINEAR, precision="float32"),
        Kernel("zbl + eam, 16000 atoms", "niobium", 20, CORE),
        Kernel("zbl + eam, 16000 atoms, f32", "niobium", 20, CORE, precision="float32"),
        Kernel("zbl + eam + nn, 2000 atoms", "niobium", 10, NETWORK),
        Kernel("zbl + eam + nn, 16000 atoms", "niobium", 20, NETWORK),
        Kernel("NEP, 192 atoms, f32", "garnet", 1, nep="nep_std.nep.txt", precision="float32"),
        Kernel("NEP, 1536 atoms", "garnet", 2, nep="nep_std.nep.txt"),
        Kernel("zbl + eam, 2000 atoms, calculator", "niobium", 10, CORE, whole=True),
        Kernel("NEP, 192 atoms, calculator", "garnet", 1, nep="nep_std.nep.txt", whole=True),
    ]


# a NEP small enough that a few iterations take seconds
SMALL_NEP = """species Li, La, Zr, O
E = nep(rc = 5, rc_angular = 3.5, n_max = [2, 1], basis_size = [3, 3], l_max = [2, 0, 0], neuron = 4)
  + pin zbl(inner = 0.9 Å, outer = 1.8 Å) + reference()
"""
