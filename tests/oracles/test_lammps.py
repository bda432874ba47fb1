"""Every term that LAMMPS has too, beside it: energies, forces and virials on crystals, slabs and clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lammps_cases import Grid, Radial, Tables, eam_file
from lammps_manybody import MANY_BODY_CASES, TABLE_RTOL
from lammps_table import METALS, PAIR_CASES, Case, pair_keys
from registry import Evaluator, compiled, random_theta, starts

CASES = (*PAIR_CASES, *MANY_BODY_CASES)
STRICTEST = 1e-6  # analytic formulas agree to this or better


def agree(case: Case, theta: np.ndarray | None = None) -> None:
    """All structures of a case, in one batch here and one by one there."""
    run, zoo = Evaluator(compiled(case.spec)), case.structures()
    found = run(starts(run.model) if theta is None else theta, list(zoo.values()))
    for (name, atoms), mine in zip(zoo.items(), found, strict=True):
        theirs = case.labels(atoms)
        for label in case.compare:
            got, want = np.asarray(getattr(mine, label)), np.asarray(getattr(theirs, label))
            # forces that vanish by symmetry are judged by the scale of the energy
            scale = max(float(np.abs(want).max(initial=0.0)), 1e-3 * abs(theirs.energy))
            error = float(np.abs(got - want).max(initial=0.0)) / scale
            assert error < case.rtol, f"{name}: {label} differs by {error:.1e}"


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_lammps_says_the_same(case: Case) -> None:
    agree(case)


def test_analytic_cases_are_strict() -> None:
    assert {c.name for c in CASES if c.rtol > STRICTEST} <= {"dsf_polynomial_erfc"}


# --- the library's eam, through tables of its own formula ----------------------------------------

RC = 5.0


def quintic(r: np.ndarray) -> np.ndarray:
    t = np.clip(r / RC, 0.0, 1.0)
    return 1.0 - t**3 * (10.0 - 15.0 * t + 6.0 * t**2)


def eam_tables(p: dict[str, np.ndarray], density: str, embedding: str) -> Tables:
    """The formulas of `specs/std/eam.pes`; p holds its parameters by name, one row a species or pair."""
    keys = pair_keys(METALS)

    def source(a: int) -> Radial:
        if density == "exponential":
            return lambda r: np.exp(-p["beta"][a] * (r - 2.5)) * quintic(r)
        return lambda r: np.exp(-(((r - p["r1"][a]) / p["w"][a]) ** 2)) * quintic(r)

    def pair(row: int) -> Radial:
        def value(r: np.ndarray) -> np.ndarray:
            x = np.pi * np.maximum(r, 1e-9) / RC
            return sum(c * np.sin(k * x) / x for k, c in enumerate(p["c"][row], 1)) * quintic(r)

        return value

    def energy(a: int) -> Radial:
        A, B = p["A"][a], p["B"][a]
        if embedding == "square_root":
            return lambda rho: -A * np.sqrt(rho) + B * rho
        if embedding == "quadratic":
            return lambda rho: A * rho**2 + B * rho
        if embedding == "logarithmic":
            return lambda rho: A * rho * np.log(rho + 1e-12) + B * rho
        return lambda rho: -A * rho ** p["m"][a] + B * rho

    return Tables(
        METALS,
        {s: energy(k) for k, s in enumerate(METALS)},
        {s: source(k) for k, s in enumerate(METALS)},
        {tuple(key.split("-")): pair(row) for row, key in enumerate(keys)},
    )


@pytest.mark.parametrize(
    ("density", "embedding"),
    [
        ("exponential", "square_root"),
        ("gaussian", "quadratic"),
        ("exponential", "logarithmic"),
        ("gaussian", "power"),
    ],
)
def test_eam_agrees_through_tables_of_its_formula(density: str, embedding: str) -> None:
    case = Case(
        name="eam",
        term="eam",
        species=METALS,
        parameters=dict,
        options={"rc": RC, "basis": "bessel(6)", "density": density, "embedding": embedding},
        pair_style="eam/alloy",
        pair_coeffs=(f"* * eam {' '.join(METALS)}",),
        spacing=2.75,
        rtol=TABLE_RTOL,
    )
    model = compiled(case.spec, optimized=False)
    theta, p, first = random_theta(model, 21), {}, 0
    for parameter in model.parameters:
        size = len(parameter.start)
        rows = theta[first : first + size].reshape(-1, *parameter.kind.shape)
        p[parameter.name.removeprefix("eam.")], first = rows, first + size
    text = eam_file(eam_tables(p, density, embedding), Grid(RC, 60.0, 10_001, 60_001))
    agree(replace(case, files=lambda: {"eam": text}), theta)
