"""The configuration of properties, properties that fail, and references: every fault in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.potential.potential import Potential, compile
from potentia.runtime.properties import measurement
from potentia.runtime.properties.config import FAMILIES, PropertiesConfig, load_properties_config
from potentia.runtime.properties.measurement import measure
from potentia.runtime.properties.results import Estimate, PropertyResult, misfit
from potentia.runtime.properties.units import factor
from properties_cases import BCC, faults, written

LJ = "species Nb\nE = lj(epsilon = 0.4 eV, sigma = 2.5 Å, rc = 4.5 Å)"


@cache
def niobium() -> Potential:
    return compile(LJ)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[structures.bcc]\nprototyp = "bcc"',
            [
                (
                    "unknown-key",
                    "`structures.bcc.prototyp` is not a key of the configuration",
                    "did you mean `prototype`?",
                ),
            ],
        ),
        (
            '[structures.bcc]\nprototype = "bbc"',
            [
                (
                    "bad-value",
                    "`structures.bcc.prototype` is `bbc`: input should be 'bcc', 'fcc', 'hcp', 'a15', "
                    "'diamond', 'sc', 'b1', 'b2', 'b3' or 'l12'",
                    "did you mean `bcc`?",
                )
            ],
        ),
        (
            "[structures.bcc]\nlattice_constant = 3.3",
            [("bad-value", "`structures.bcc`: a structure has either a `prototype` or a `file`", None)],
        ),
        (
            '[structures.x]\nprototype = "bcc"\nspecies = ["Nn"]',
            [("bad-value", "`structures.x.species.0`: `Nn` is not a chemical element", None)],
        ),
        (
            '[structures.x]\nprototype = "bcc"\nc_over_a = 1.6',
            [("bad-value", "`structures.x`: `c_over_a` goes with the prototype `hcp`", None)],
        ),
        (
            BCC + '[elastic]\nstructures = ["bbc"]',
            [
                (
                    "bad-value",
                    "[elastic] names `bbc`, which is not among the structures; did you mean `bcc`?",
                    None,
                )
            ],
        ),
        (
            '[[reference]]\nproperty = "C11.bcc"',
            [
                (
                    "bad-value",
                    "`reference.0`: the reference of `C11.bcc` has neither `value` nor `min` nor `max`",
                    None,
                )
            ],
        ),
        (
            '[[reference]]\nproperty = "C11.bcc"\nvalue = 1\nguard = true',
            [("bad-value", "`reference.0`: the guard `C11.bcc` needs a `tolerance`, `min` or `max`", None)],
        ),
        ("[[reference]]\nvalue = 1", [("bad-value", "`reference.0.property` is missing", None)]),
        (
            '[[reference]]\nproperty = "a"\nmin = 2\nmax = 1',
            [("bad-value", "`reference.0`: the reference of `a` has a `min` above its `max`", None)],
        ),
        (
            '[[reference]]\nproperty = "a"\nmin = 2\ntolerance = 1',
            [("bad-value", "`reference.0`: the reference of `a` has a `tolerance` and no `value`", None)],
        ),
        (
            '[[reference]]\nproperty = "a"\nmin = 2\n[[reference]]\nproperty = "a"\nmin = 2',
            [("bad-value", "`a` has two references", None)],
        ),
        (
            "[surface]\nmiller = [[0, 0, 0]]",
            [("bad-value", "`surface`: `miller` names planes: [[1, 0, 0]]; (0, 0, 0) is none", None)],
        ),
        (
            "[hot_md]\ntemprature = 3",
            [
                (
                    "unknown-key",
                    "`hot_md.temprature` is not a key of the configuration",
                    "did you mean `temperature`?",
                )
            ],
        ),
    ],
)
def test_faults_of_a_file(tmp_path: Path, text: str, expected: list[tuple[str, str, str | None]]) -> None:
    with pytest.raises(UserError) as caught:
        load_properties_config(written(tmp_path, text))
    assert faults(caught) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[[reference]]\nproperty = "C13.bcc"\nmin = 0\nunit = "GPa"\n'
            '[[reference]]\nproperty = "C11.bcc"\nmin = 0\nunit = "eV"\n' + BCC,
            [
                (
                    "unknown-property",
                    "the reference `C13.bcc` is no property that is measured",
                    "did you mean `C12.bcc`?",
                ),
                (
                    "bad-value",
                    "`eV` is not a unit of `C11.bcc`, which is in GPa",
                    "known units: eV/Å^3, eV/A^3, GPa, kbar, bar, MPa, Pa, Mbar",
                ),
            ],
        ),
        (
            '[structures.w]\nprototype = "bcc"\nspecies = ["W"]',
            [
                (
                    "unknown-species",
                    "`structures.w` has W, which is not a species of the potential",
                    "species of the potential: Nb",
                )
            ],
        ),
        (
            '[structures.b2]\nprototype = "b2"',
            [
                (
                    "bad-value",
                    "`structures.b2`: the prototype b2 has 2 species, not Nb",
                    "name them in `species`",
                )
            ],
        ),
        (
            '[elastic]\nstructures = ["bbc"]',
            [
                (
                    "unknown-structure",
                    "[elastic] names the structure `bbc`, which is not there",
                    "did you mean `bcc`?",
                )
            ],
        ),
        (
            '[structures.open]\nfile = "open.xyz"',
            [("not-periodic", "a crystal is periodic in three directions, and this structure is not", None)],
        ),
    ],
)
def test_faults_against_the_potential(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str | None]]
) -> None:
    Atoms("Nb", [[0, 0, 0]]).write(tmp_path / "open.xyz")
    config = load_properties_config(written(tmp_path, 'measure = ["elastic"]\n' + text))
    with pytest.raises(UserError) as caught:
        measure(niobium(), config)
    assert faults(caught) == expected


def test_references_of_families_that_are_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BCC + '[[reference]]\nproperty = "phonon_lowest.bcc"\nmin = 0\nunit = "THz"\nguard = true\n'
    config = load_properties_config(written(tmp_path, text))
    assert [r.reference for r in measure(niobium(), config.only(["dimer"]))] == [None]
    with pytest.raises(UserError) as caught:
        measure(niobium(), config.model_copy(update={"measure": ("dimer",)}))
    unasked = "the reference `phonon_lowest.bcc` is of the family `phonon`, which is not measured"
    assert faults(caught) == [("unknown-property", unasked, "add `phonon` to `measure`")]
    monkeypatch.setattr(measurement, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        measure(niobium(), config)
    absent = (
        "the reference `phonon_lowest.bcc` cannot be compared: "
        "phonons need the package phonopy, which is not installed"
    )
    help = "pip install 'potentia[properties]', or name the families to measure by `--only`"
    assert faults(caught) == [("missing-package", absent, help)]


def test_phonons_need_a_package_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        measure(niobium(), PropertiesConfig(measure=("phonon",)))
    assert faults(caught) == [
        (
            "missing-package",
            "phonons need the package phonopy, which is not installed",
            "pip install 'potentia[properties]', or leave `phonon` out of `measure`",
        )
    ]
    assert measurement._possible(PropertiesConfig(), "here").measure == tuple(
        f for f in FAMILIES if f != "phonon"
    )


# --- properties that fail --------------------------------------------------------------------------


def reasons(potential: Potential, **config: object) -> dict[str, str]:
    found = measure(potential, PropertiesConfig.model_validate(config))
    assert all(r.value is None and r.sigma is None for r in found if r.status == "failed")
    return {r.name: r.reason for r in found if r.status == "failed"}


def test_a_crystal_that_does_not_bind_fails_with_a_reason() -> None:
    crystals = {"bcc": {"prototype": "bcc"}, "fcc": {"prototype": "fcc"}}
    repulsive = compile("species Nb\nE = zbl(Nb, outer = 4.5 Å)")
    families = ("lattice", "equation_of_state", "elastic", "vacancy", "surface", "dimer", "hot_md")
    found = reasons(repulsive, structures=crystals, measure=families)
    assert "core_force.Nb-Nb" not in found
    assert found["lattice_constant.bcc"] == found["C11.bcc"] == found["hot_md_closest_approach.bcc"]
    assert found["C11.bcc"].startswith(
        "no minimum of the energy at lengths of 0.90 to 1.62 of the first guess"
    )
    assert found["C11.bcc"].endswith("it falls on expansion")
    nothing = compile("species Nb\nE = lj(epsilon = 0 eV, sigma = 2.5 Å, rc = 4.5 Å)")
    assert (
        "nothing binds" in reasons(nothing, structures=crystals, measure=("lattice",))["lattice_constant.fcc"]
    )


def test_energies_that_are_no_numbers_fail_with_a_reason() -> None:
    here = niobium()
    broken = here.with_theta(np.full_like(here.theta, np.nan))
    crystals = {"bcc": {"prototype": "bcc"}}
    found = reasons(broken, structures=crystals, measure=("lattice", "surface", "dimer"))
    assert set(found.values()) == {"the energy or a force is not finite"}
    assert "lattice_constant.bcc" in found and "core_force.Nb-Nb" in found


def test_a_core_that_attracts_is_seen() -> None:
    crystals = {"bcc": {"prototype": "bcc"}}
    config = PropertiesConfig.model_validate(
        {
            "structures": crystals,
            "measure": ("dimer",),
            "reference": [{"property": "core_force.Nb-Nb", "min": 0, "unit": "eV/Å", "guard": True}],
        }
    )
    inverted = compile("species Nb\nE = buckingham(A = 500 eV, rho = 0.3 Å, C = 80 eV*Å^6, rc = 5 Å)")
    (core,) = measure(inverted, config)
    assert core.value is not None and core.value < 0 and core.broken_guard
    assert core.reason.endswith("the core is not monotone")
    (fine,) = measure(niobium(), config)
    assert fine.within and not fine.broken_guard


def test_an_unstable_run_fails() -> None:
    config = {"structures": {"bcc": {"prototype": "bcc"}}, "measure": ("hot_md",)}
    found = reasons(niobium(), **config, hot_md={"temperature": 3e5, "steps": 60, "timestep": 5.0})
    assert " of 60 steps at 300000 K" in found["hot_md_closest_approach.bcc"]


def test_a_run_is_the_same_for_a_seed() -> None:
    settings = {"structures": {"bcc": {"prototype": "bcc"}}, "measure": ("hot_md",), "hot_md": {"steps": 20}}
    first, again = (measure(niobium(), PropertiesConfig.model_validate(settings))[0] for _ in range(2))
    assert first.value == again.value and first.sigma is None


# --- what results say ------------------------------------------------------------------------------


def result(found: float | None, /, **reference: object) -> PropertyResult:
    config = PropertiesConfig.model_validate({"reference": [{"property": "a", **reference}]})
    return PropertyResult(
        "a", found, "GPa", reference=config.reference[0], status="ok" if found else "failed"
    )


def test_a_result_is_judged_by_its_reference() -> None:
    assert result(101.0, value=100, tolerance=2).within is True
    assert result(103.0, value=100, tolerance=2).within is False
    assert result(103.0, value=100).within is None
    assert result(103.0, min=1, max=90).within is False
    failed = result(None, value=100, tolerance=2, guard=True)
    assert failed.within is False and failed.broken_guard and failed.difference is None
    assert not result(103.0, value=100, tolerance=2).broken_guard
    assert result(103.0, value=100).difference == 3
    assert result(103.0, value=100).as_dict()["reference"]["value"] == 100


def test_a_misfit_counts_what_has_a_value_and_a_tolerance() -> None:
    found = [
        result(103.0, value=100, tolerance=2),
        result(99.0, value=100, tolerance=1, guard=True),
        result(50.0, value=100),
        result(50.0, min=60),
        result(None, value=100, tolerance=2),
    ]
    assert misfit(found) == pytest.approx(0.5 * (1.5**2 + 1.0))


@pytest.mark.parametrize(
    ("unit", "reported", "expected"),
    [
        ("kbar", "GPa", 0.1),
        ("eV/Å³", "GPa", 160.21766208),
        ("nm", "Å", 10.0),
        ("meV/atom", "eV/atom", 1e-3),
        ("mJ/m^2", "J/m^2", 1e-3),
        ("cm^-1", "THz", 0.0299792458),
        ("Mbar", "GPa", 100.0),
    ],
)
def test_units_of_references(unit: str, reported: str, expected: float) -> None:
    assert factor(unit, reported) == pytest.approx(expected, rel=1e-12)


def test_a_quotient_has_the_derivative_of_a_quotient() -> None:
    a, b = Estimate(3.0, np.array([1.0, 2.0])), Estimate(2.0, np.array([0.5, -1.0]))
    quotient = a.over(b)
    assert quotient.value == 1.5
    np.testing.assert_allclose(quotient.gradient, [(1 - 1.5 * 0.5) / 2, (2 + 1.5) / 2])


def test_the_configuration_of_niobium_is_sound(root: Path) -> None:
    config = load_properties_config(root / "specs" / "properties" / "niobium.toml")
    assert {r.property for r in config.reference if r.guard} >= {"core_force.Nb-Nb", "lattice_constant.bcc"}
    pytest.importorskip("phonopy", reason="phonons need phonopy")
    results = measure(
        niobium(), config.model_copy(update={"hot_md": config.hot_md.model_copy(update={"steps": 5})})
    )
    assert {r.name for r in results if r.reference} == {r.property for r in config.reference}
