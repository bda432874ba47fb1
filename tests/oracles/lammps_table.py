"""Terms of potentia beside the styles of LAMMPS that compute the same formula.

Each `Case` holds the parameters under the names of the field, keyed as the language keys them (`Si`,
`Si-C`, the centre first in `Si-C-C`), and all that LAMMPS needs. `Case.arguments` is their text in a spec;
`Case.spec` the whole spec, for terms whose arguments are called as here. The formulas in the comments are
what LAMMPS computes: naive sums over a random two-element cluster agreed with it to 1e-13, where nothing
else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ase import Atoms
from ase.data import atomic_numbers
from lammps_cases import structures
from lammps_oracle import Labels, run

Value = float | Mapping[str, float]
EVERYTHING = ("energy", "forces", "virial")
COULOMB = 14.399645  # eV Å, e²/4πε₀: LAMMPS's metal units (CODATA 2018: 14.39964548)
ZBL_LENGTH = 0.46850  # Å, LAMMPS's a in 1/a_ij = (Z_i^0.23 + Z_j^0.23)/a


@dataclass(frozen=True)
class Case:
    """One potential, twice.

    `options` are arguments without species (rc, switch); `definition` the text of a term that is not of the
    standard library; `compare` which labels LAMMPS gives consistently;
    `rtol` the agreement to ask for, relative to the largest component; `spacing` the nearest-neighbour
    distance of the structures, Å.
    """

    name: str
    term: str
    species: tuple[str, ...]
    parameters: Callable[[], Mapping[str, Value]]
    options: Mapping[str, float | str]
    pair_style: str
    pair_coeffs: tuple[str, ...]
    spacing: float
    files: Callable[[], Mapping[str, str]] = dict
    charges: Mapping[str, float] | None = None
    commands: tuple[str, ...] = ()
    rtol: float = 1e-10
    compare: tuple[str, ...] = EVERYTHING
    definition: str = ""
    note: str = ""
    seed: int = 11

    @property
    def arguments(self) -> str:
        """The call's arguments as the language writes them; bare numbers are in eV, Å and what follows."""
        pairs = [*self.parameters().items(), *self.options.items()]
        return ", ".join(f"{name} = {written(value)}" for name, value in pairs)

    @property
    def spec(self) -> str:
        return f"species {', '.join(self.species)}\n{self.definition}E = {self.term}({self.arguments})\n"

    def structures(self) -> dict[str, Atoms]:
        return structures(self.species, self.spacing, self.seed)

    def labels(self, atoms: Atoms) -> Labels:
        """What LAMMPS says."""
        style, coeffs = self.pair_style, self.pair_coeffs
        return run(
            atoms, self.species, style, coeffs, self.files(), charges=self.charges, commands=self.commands
        )


def written(value: Value | str) -> str:
    """0.5, hard, {Si: 0.5, C: 0.4}."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {float(v)!r}" for key, v in value.items()) + "}"
    return value if isinstance(value, str) else repr(float(value))


def pair_keys(species: tuple[str, ...]) -> list[str]:
    """Unordered pairs in the language's order: Si-Si, Si-C, C-C."""
    return [f"{a}-{b}" for i, a in enumerate(species) for b in species[i:]]


def pair_lines(species: tuple[str, ...], parameters: Mapping[str, Value]) -> tuple[str, ...]:
    """`I J values...` for each pair of types, the values in the order of `parameters`."""
    lines = []
    for key in pair_keys(species):
        i, j = (species.index(s) + 1 for s in key.split("-"))
        numbers = (v[key] if isinstance(v, Mapping) else v for v in parameters.values())
        lines.append(f"{i} {j} " + " ".join(repr(float(n)) for n in numbers))
    return tuple(lines)


def by_pair(species: tuple[str, ...], *values: float) -> dict[str, float]:
    return dict(zip(pair_keys(species), values, strict=True))


METALS = ("Nb", "W")
OXIDE = ("Li", "O")
COVALENT = ("Si", "C")


def pair_case(
    name: str,
    term: str,
    species: tuple[str, ...],
    style: str,
    parameters: Mapping[str, Value],
    *,
    switch: str = "hard",
    rc: float = 6.0,
    spacing: float = 2.6,
) -> Case:
    """A pair potential whose LAMMPS coefficients are `parameters`, in their order.

    E = Σ_{i<j} φ(r) for r < rc, else 0 (`hard`: the energy jumps, the forces are -φ' all the way);
    `shifted` subtracts φ(rc) from each pair within rc (pair_modify shift yes) and leaves the forces alone.
    """
    return Case(
        name=name,
        term=term,
        species=species,
        parameters=lambda: parameters,
        options={"rc": rc, "switch": switch},
        pair_style=f"{style} {rc!r}",
        pair_coeffs=pair_lines(species, parameters),
        commands=("pair_modify shift yes",) if switch == "shifted" else (),
        spacing=spacing,
    )


# φ = 4ε[(σ/r)^12 - (σ/r)^6]. Lennard-Jones, Proc. Phys. Soc. 43, 461 (1931), 10.1088/0959-5309/43/5/301
LJ = {
    "epsilon": by_pair(METALS, 0.10, 0.13, 0.08),
    "sigma": by_pair(METALS, 2.40, 2.30, 2.20),
}
# φ = D[(1 - exp(-a(r - r0)))² - 1] = D[exp(-2a(r - r0)) - 2 exp(-a(r - r0))]: -D at r0.
# Morse, Phys. Rev. 34, 57 (1929), 10.1103/PhysRev.34.57
MORSE = {
    "D": by_pair(METALS, 0.5, 0.4, 0.6),
    "a": by_pair(METALS, 1.4, 1.5, 1.3),
    "r0": by_pair(METALS, 2.9, 2.8, 2.75),
}
# φ = A exp(-r/ρ) - C/r⁶. Buckingham, Proc. R. Soc. A 168, 264 (1938), 10.1098/rspa.1938.0173
BUCKINGHAM = {
    "A": by_pair(OXIDE, 430.0, 632.1018, 22764.3),
    "rho": by_pair(OXIDE, 0.26, 0.2906, 0.149),
    "C": by_pair(OXIDE, 1.5, 4.0, 27.88),
}
# φ = A exp((σ - r)/ρ) - C/r⁶ + D/r⁸ (note the sign of D). With σ = C = D = 0 it is A exp(-r/ρ).
# Born & Mayer, Z. Phys. 75, 1 (1932), 10.1007/BF01340511; Fumi & Tosi, J. Phys. Chem. Solids 25, 31 (1964)
BORN = {
    "A": by_pair(OXIDE, 0.26, 0.21, 0.16),
    "rho": by_pair(OXIDE, 0.32, 0.30, 0.34),
    "sigma": by_pair(OXIDE, 1.6, 2.0, 2.4),
    "C": by_pair(OXIDE, 1.0, 5.0, 25.0),
    "D": by_pair(OXIDE, 0.5, 4.0, 30.0),
}


def born_mayer() -> Case:
    """The short form A exp(-r/ρ): the style `born` with its other coefficients at zero."""
    parameters = {"A": BUCKINGHAM["A"], "rho": BUCKINGHAM["rho"]}
    full = parameters | {"sigma": 0.0, "C": 0.0, "D": 0.0}
    return Case(
        name="born_mayer",
        term="born_mayer",
        species=OXIDE,
        parameters=lambda: parameters,
        options={"rc": 6.0, "switch": "hard"},
        pair_style="born 6.0",
        pair_coeffs=pair_lines(OXIDE, full),
        spacing=2.0,
    )


# Damped shifted force, K = e²/4πε₀ (LAMMPS: 14.399645 eV Å), for r < rc:
#   φ = K q_i q_j [erfc(αr)/r - e - f r]
#   f = -[erfc(αrc)/rc² + (2α/√π) exp(-α²rc²)/rc],   e = erfc(αrc)/rc - f rc
# (so φ and φ' vanish at rc), and for every atom the self energy -K q_i² (e/2 + α/√π), which has no forces.
# Fennell & Gezelter, J. Chem. Phys. 124, 234104 (2006), 10.1063/1.2206581. coul/dsf and lj/cut/coul/dsf
# evaluate erfc by a polynomial with an absolute error of 1.5e-7 (Abramowitz & Stegun 7.1.26): 6e-8 relative
# in a cluster's energy, 4e-6 in some forces. born/coul/dsf calls erfc itself: with A = C = D = 0 it is the
# judge, coul/dsf the cross-check.
#
# Wolf, for r < rc: φ = K q_i q_j [erfc(αr)/r - e], e = erfc(αrc)/rc; self energy -K q_i² (e/2 + α/√π).
# Wolf et al., J. Chem. Phys. 110, 8254 (1999), 10.1063/1.478738. The forces (and virial) of coul/wolf are
# those of the DSF formula: they have the shift f, which its energy lacks, and are not its gradient. So:
# energies only.
CHARGES = {"Li": 0.9, "O": -1.7}
ALPHA = 0.25


def coulomb_case(name: str, form: str, style: str, coeffs: str, **extra: object) -> Case:
    return Case(
        name=name,
        term="coulomb_cut",
        species=OXIDE,
        parameters=lambda: {"q": CHARGES},
        options={"alpha": ALPHA, "rc": 6.0, "form": form},
        pair_style=f"{style} {ALPHA} 6.0",
        pair_coeffs=(coeffs,),
        charges=CHARGES,
        spacing=2.0,
        **extra,  # type: ignore[arg-type]
    )


def zbl_case(name: str, species: tuple[str, ...], inner: float, outer: float, spacing: float) -> Case:
    """Ziegler, Biersack & Littmark's universal repulsion with LAMMPS's switch.

    φ = E(r) + S(r) for r < outer; E = K Z_i Z_j/r Σ_k c_k exp(-d_k r/a), a = 0.46850 Å/(Z_i^0.23 + Z_j^0.23),
    c = 0.18175, 0.50986, 0.28022, 0.02817; d = 3.19980, 0.94229, 0.40290, 0.20162; K = 14.399645 eV Å.
    S = C below inner, A/3 (r - inner)³ + B/4 (r - inner)⁴ + C above; with t = outer - inner and E at outer,
    A = (-3E' + tE'')/t², B = (2E' - tE'')/t³, C = -E + tE'/2 - t²E''/12: φ, φ', φ'' vanish at outer.
    So LAMMPS's φ differs from E by C *everywhere* below inner.
    The length: 1/0.46850 = 2.134472, GPUMD's 2.134563; that alone is some 1e-4 of E at 2 Å, far over 1e-6.
    Ziegler, Biersack, Littmark, The Stopping and Range of Ions in Matter (Pergamon, 1985).
    """
    z = [atomic_numbers[s] for s in species]
    types = range(len(species))
    return Case(
        name=name,
        term="zbl",
        species=species,
        parameters=dict,
        options={"inner": inner, "outer": outer, "switch": "lammps", "a0": ZBL_LENGTH},
        pair_style=f"zbl {inner} {outer}",
        pair_coeffs=tuple(f"{i + 1} {j + 1} {z[i]} {z[j]}" for i in types for j in types if i <= j),
        spacing=spacing,
        note=f"e²/4πε₀ = {COULOMB} eV Å",
    )


PAIR_CASES = (
    pair_case("lj", "lj", METALS, "lj/cut", LJ),
    pair_case("lj_shifted", "lj", METALS, "lj/cut", LJ, switch="shifted"),
    pair_case("morse", "morse", METALS, "morse", MORSE),
    pair_case("morse_shifted", "morse", METALS, "morse", MORSE, switch="shifted"),
    pair_case("buckingham", "buckingham", OXIDE, "buck", BUCKINGHAM, spacing=2.0),
    pair_case("born", "born", OXIDE, "born", BORN, spacing=2.0),
    born_mayer(),
    coulomb_case("dsf", "dsf", "born/coul/dsf", "* * 0 1 1 0 0"),
    coulomb_case("dsf_polynomial_erfc", "dsf", "coul/dsf", "* *", rtol=2e-5),
    coulomb_case("wolf", "wolf", "coul/wolf", "* *", compare=("energy",)),
    zbl_case("zbl_metals", METALS, 1.0, 2.4, 1.5),
    zbl_case("zbl_light", COVALENT, 0.9, 1.8, 1.1),
)
