"""Two runs side by side: numbers within and beyond their deviations, errors, properties, curves, the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import potentia
import pytest
from browser import shown
from hypothesis import given, settings
from hypothesis import strategies as st
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.runtime.comparison.curves import curves, overlaid, paired
from potentia.runtime.comparison.numbers import Numbers, compared
from potentia.runtime.comparison.page import page
from potentia.runtime.comparison.physics import Physics, Property, stored
from potentia.runtime.comparison.tables import Table, error_tables, numbers_table, property_table
from potentia.runtime.potential.potential import compile
from potentia.runtime.properties.results import PropertyResult
from potentia.runtime.properties.stored import PROPERTIES, keep, kept
from potentia.runtime.runs.run_folder import FittedPotential, load, save

SPEC = "species Nb\nE = pair(bessel(3), rc = 4)\n"


def fitted(folder: Path, theta: list[float], sigma: np.ndarray | None, spec: str = SPEC) -> FittedPotential:
    save(folder, compile(spec).with_theta(np.array(theta)), covariance=sigma, replace=True)
    return load(folder)


def same_names(potential: FittedPotential) -> dict[str, str]:
    return {p.name: p.name for p in potential.model.parameters}


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_numbers_against_their_deviations(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder = tmp_path_factory.mktemp("runs")
    before, after = rng.normal(size=(2, 3))
    roots = rng.normal(size=(2, 3, 3))
    sigma_a, sigma_b = (r @ r.T for r in roots)
    a, b = fitted(folder / "a", list(before), sigma_a), fitted(folder / "b", list(after), sigma_b)
    found = compared(a, b, same_names(b))
    sigmas = np.abs(after - before) / np.sqrt(np.diag(sigma_a) + np.diag(sigma_b))
    assert found.compared == 3
    assert sorted(n.name for n in found.changed) == [f"pair.c[{k}]" for k in np.flatnonzero(sigmas > 2.0)]
    assert [n.sigmas for n in found.changed] == pytest.approx(sorted(sigmas[sigmas > 2.0], reverse=True))
    expected = np.sqrt((after - before) @ np.linalg.solve(sigma_a + sigma_b, after - before) / 3)
    assert found.distance == pytest.approx(expected, rel=1e-6)
    ratio = np.exp(np.mean(np.log(np.sqrt(np.diag(sigma_b) / np.diag(sigma_a)))))
    assert found.spread == pytest.approx(ratio)


def test_parameters_correspond_by_what_they_are(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", [1.0, 2.0, 3.0], np.eye(3))
    pair = (Path(potentia.__path__[0]) / "specs" / "std" / "pair.pes").read_text(encoding="utf-8")
    renamed = pair.replace("term pair(", "term mine(") + "species Nb\nE = mine(bessel(3), rc = 4)\n"
    b = fitted(tmp_path / "b", [1.0, 9.0, 3.0], np.eye(3), renamed)
    (name,) = (p.name for p in b.model.parameters)
    found = compared(a, b, {name: "pair.c"})
    assert [(n.name, n.name_before, n.before, n.after) for n in found.changed] == [
        (f"{name}[1]", "pair.c[1]", 2.0, 9.0)
    ]
    assert compared(a, b, {}).compared == 0 and numbers_table(compared(a, b, {})) is None


def test_without_deviations_every_difference_is_told(tmp_path: Path) -> None:
    a = fitted(tmp_path / "a", [1.0, 2.0, 3.0], None)
    b = fitted(tmp_path / "b", [1.0, 2.0 + 1e-6, 3.0], np.eye(3))
    found = compared(a, b, same_names(b))
    assert [n.name for n in found.changed] == ["pair.c[1]"] and found.changed[0].sigmas is None
    assert (found.distance, found.spread) == (None, None)


def test_what_no_label_depends_on_has_no_say(tmp_path: Path) -> None:
    known = np.diag([1.0, 0.0, 1.0])
    a = fitted(tmp_path / "a", [1.0, 2.0, 3.0], known)
    b = fitted(tmp_path / "b", [1.0 + np.sqrt(2.0), 2.0, 3.0], known)
    found = compared(a, b, same_names(b))
    assert found.distance == pytest.approx(np.sqrt(0.5)) and found.spread == pytest.approx(1.0)


def test_the_table_says_how_many_are_not_listed() -> None:
    rows = numbers_table(Numbers(3, (), 0.5, 2.0))
    assert rows is not None
    assert rows.notes == [
        "0 of 3 numbers differ by more than 2 σ",
        "all together differ by 0.5 σ (root of the mean square)",
        "their standard deviations are 2 × those before (geometric mean)",
    ]


def metrics(energy: float, **kinds: float) -> dict[str, object]:
    one = {"energy_rmse_ev_per_atom": energy, "forces_rmse_ev_per_ang": None, "stress_rmse_gpa": None}
    return one | {"by_config_type": {k: one | {"energy_rmse_ev_per_atom": e} for k, e in kinds.items()}}


def test_errors_by_config_type(tmp_path: Path) -> None:
    about = [("a", metrics(0.002, liquid=0.003, solid=0.001)), ("b", metrics(0.001, solid=0.001, gas=0.5))]
    for name, test in about:
        save(tmp_path / name, compile(SPEC), test=test, data={"x.xyz": f"sha256:{name}"})
    found = stored(load(tmp_path / "a"), load(tmp_path / "b"))
    (table,) = error_tables(found)
    assert table.title == "errors on test"
    assert [row[:2] for row in table.rows[1:]] == [
        ["all", "2.00 → 1.00"],
        ["gas", "- → 500.00"],
        ["liquid", "3.00 → -"],
        ["solid", "1.00"],
    ]
    assert table.notes == ("the runs were fitted to different data: errors are not on the same",)


def test_properties_that_both_keep(tmp_path: Path) -> None:
    for name, value in (("a", 3.30), ("b", 3.34)):
        save(tmp_path / name, compile(SPEC))
        results = [
            PropertyResult("lattice_constant.bcc", value, "Å", 0.01),
            PropertyResult("vacancy", None, "eV", status="failed", reason="it melts"),
        ]
        keep(tmp_path / name / PROPERTIES, results)
    keep(tmp_path / "a" / PROPERTIES, [PropertyResult("c44", 30.0, "GPa")])
    assert list(kept(tmp_path / "a" / PROPERTIES).results) == ["lattice_constant.bcc", "vacancy", "c44"]
    found = stored(load(tmp_path / "a"), load(tmp_path / "b"))
    assert [(p.name, p.before, p.after) for p in found.properties] == [("lattice_constant.bcc", 3.30, 3.34)]
    assert found.properties[0].sigmas == pytest.approx(0.04 / np.hypot(0.01, 0.01))
    table = property_table(found)
    assert table is not None and table.rows[1][-1] == "2.8"


def test_kept_properties_that_are_damaged(tmp_path: Path) -> None:
    (tmp_path / PROPERTIES).write_text("{", encoding="utf-8")
    with pytest.raises(ArtifactError, match="does not hold the results of a measurement"):
        kept(tmp_path / PROPERTIES)


def test_a_property_without_deviations_has_no_sigmas() -> None:
    assert Property("x", "eV", 1.0, None, 2.0, None).sigmas is None
    assert json.loads(json.dumps(Physics((), ()).as_dict())) == {
        "errors": [],
        "properties": [],
        "comparable": True,
        "incomparable": [],
        "of_one": [],
    }


def test_curves_lie_over_each_other() -> None:
    a, b = (compile(f"species Cu\nE = lj(epsilon = 0.4 eV, sigma = {s} Å, rc = 6)") for s in (2.3, 2.4))
    pairs = paired(curves(a), curves(b))
    assert {c.kind for pair in pairs for c in pair if c} == {"dimer", "equation_of_state"}
    assert all(one and two and one.name == two.name for one, two in pairs)
    svg = overlaid(pairs)
    assert svg == overlaid(pairs) and svg.startswith("<svg")
    assert "dimer Cu-Cu" in svg


def test_the_page_needs_nothing_beside_it() -> None:
    table = Table("numbers", [["number", "before"], ["a<b", "1"]], ["one & all"])
    text = page("a → b", ["~ rc: 5 Å → 6 Å", "- lj()"], ("E = lj() # <", "E = 0"), [table], "<svg></svg>")
    assert "a&lt;b" in text and "one &amp; all" in text and "# &lt;" in text and "<svg>" in text
    assert '<span class="gone">- lj()' in text and '<span class="other">~ rc' in text
    assert not re.search(r"(src|href)=|@import|url\(|\$\w", text)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_shows_both_specs_whole(tmp_path: Path, width: int) -> None:
    long = "E = " + " + ".join(f"lj(epsilon = 0.{k} eV, sigma = 2.{k} Å)" for k in range(1, 9))
    text = page("a → b", ["~ " + long], (long + "\n# same", "species Cu\n" + long + "\n# same"), [], None)
    found = shown(text, width, tmp_path)
    assert found["cut"] == [] and found["scroll"] <= found["width"]
