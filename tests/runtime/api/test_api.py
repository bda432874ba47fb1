"""The functions of Python: their results, their messages, and that the commands say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import potentia
import pytest
from ase import Atoms
from commands import run
from labelled_frames import SPEC, USUAL, at_strains, rattled
from potentia.runtime.api.design import Front
from potentia.runtime.api.observer import Observer
from potentia.runtime.files.settings import ConfigError
from potentia.runtime.runs import run_folder

START = SPEC.replace("0.0104", "0.02 eV")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Structures of argon, and the run of a fit to some of them."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "ar.xyz").write_text("".join(f.text(USUAL) for f in (*rattled(), *at_strains())))
    with pytest.MonkeyPatch.context() as patch:  # proofs take longer than the fit
        patch.setattr(run_folder, "_certificates", lambda potential: b"{}")
        fit = potentia.fit(
            START, folder / "ar.xyz", output=folder / "ar", test=0.25, reference_energies=False
        )
    assert fit.converged
    return folder


def test_data_are_read_once_for_all(files: Path) -> None:
    data = potentia.read_data(files / "ar.xyz", test=0.25)
    assert (len(data.train), len(data.test), len(data.structures)) == (7, 2, 9)
    assert repr(data).startswith("Dataset: 9 structures, 36 atoms; 7 to train, 2 to test\nfiles   ")
    assert data.plot().get_xlabel() == "volume per atom (Å³)"
    assert data.to_dict()["n_test"] == 2
    with pytest.raises(ConfigError, match="the data are read already: `energy_key` comes too late"):
        potentia.fit(START, data, energy_key="E")
    found = potentia.evaluate(files / "ar", data, only="config_type=default", target="reference")
    assert [len(found.predicted[part][0]) for part in ("train", "test")] == [7, 2]


def test_a_fit_in_memory_is_the_fit_of_a_run(files: Path) -> None:
    data = potentia.read_data(files / "ar.xyz", test=0.25)
    found, stored = potentia.fit(START, data, reference_energies=False), potentia.load(files / "ar")
    assert found.potential.theta.tolist() == stored.theta.tolist()
    assert (found.folder, found.train, found.test) == (None, stored.metadata.train, stored.metadata.test)
    assert repr(found).splitlines()[0] == "Fit: 2 trained parameters; converged (step); in memory"
    assert found.test is not None and found.test["forces_rmse_ev_per_ang"] < 1e-6
    with pytest.warns(potentia.PotentiaWarning, match="not converged"):
        again = potentia.fit(START, data, start=found, reference_energies=False, max_iterations=1)
    assert again.loss < 1e-12


def test_results_are_short_in_a_terminal_and_whole_in_a_notebook(files: Path) -> None:
    data, run = potentia.read_data(files / "ar.xyz"), potentia.load(files / "ar")
    for found in (run, potentia.compile(SPEC), data, potentia.evaluate(run, data)):
        assert 1 < len(repr(found).splitlines()) <= 6
        page = found._repr_html_()
        assert page.startswith("<div") and page.count("<table") == page.count("</table>")
        assert "http://www.w3.org/2000/svg" in page or "svg" not in page
        json.dumps(found.to_dict(), allow_nan=False)
        assert found.plot().get_xlabel()
    page = run._repr_html_()
    assert "lj.epsilon" in page and "<svg" in page and "E = lj(" in page
    assert "<math" in page and "<mo>=</mo>" in page
    assert " ± " in page  # a fit by least squares knows how far


def test_commands_say_what_functions_return(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(potentia.PotentiaWarning, match="not calibrated"):
        one = potentia.evaluate(files / "ar", files / "ar.xyz", target="reference", uncertainty=True)
    usual = (str(files / "ar"), "--data", str(files / "ar.xyz"), "--target", "reference", "--uncertainty")
    code, out, _ = run(capsys, "eval", *usual, "--json")
    assert (code, json.loads(out)) == (0, one.to_dict())
    assert len(repr(one).splitlines()) == 4


def test_messages_have_their_place_and_help(files: Path) -> None:
    with pytest.raises(potentia.SpecError) as caught:
        potentia.fit("E = lj(Ar, epsilom = 1 eV)", files / "ar.xyz")
    assert str(caught.value) == (
        "`lj` has no argument `epsilom`\n  --> <text>:1:12\n  help: did you mean `epsilon`?"
    )
    with pytest.raises(ConfigError) as other:
        potentia.fit(START, files / "ar.xyz", max_iteration=3)  # type: ignore[call-arg]
    assert str(other.value).endswith("help: did you mean `max_iterations`?")


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda ar: potentia.fit(None, ar),
            "a spec is a text or the path of a .pes file, and this is of type NoneType",
        ),
        (lambda ar: potentia.compile(b"E = lj()"), "and this is of type bytes"),
        (lambda ar: potentia.read_data([Atoms("Ar")]), "data are read from files, and this is of type Atoms"),
        (lambda ar: potentia.fit(START, 3), "data are read from files, and this is of type int"),
        (lambda ar: potentia.read_data([]), "no file is named"),
        (lambda ar: potentia.read_data(ar, seed=-1), "`seed` is -1"),
        (lambda ar: potentia.read_data(ar, test=1), "the fraction 1.0 is not between 0 and 1"),
        (lambda ar: potentia.evaluate(ar.with_suffix(""), ar).plot(kind="stress"), "of the kind `stress`"),
        (lambda ar: potentia.properties(ar, only="dimer"), "ar.xyz` is not a run"),
        (lambda ar: potentia.fit(START, ar, resume=True), "there is no interrupted fit to resume\n  help"),
        (lambda ar: potentia.evaluate(None, ar), "a model is a potential, .* and this is of type NoneType"),
        (lambda ar: potentia.diff(START, 3), "a model is a potential, .* and this is of type int"),
        (lambda ar: potentia.fit(START, ar, weights=3), "`weights` is 3"),
        (lambda ar: potentia.prune("ar", ar, target_parameters=0), "`target_parameters` is 0"),
        (lambda ar: potentia.prune("ar", ar, target_parameters="3"), "`target_parameters` is '3'"),
        (lambda ar: potentia.prune("ar", ar, max_loss_increase=-1.0), "`max_loss_increase` is -1.0"),
        (lambda ar: potentia.compile("E = lj()", ["Ar", "Xx"]), "there is no element `Xx`"),
        (lambda ar: potentia.compile("E = lj()", "Ar, Ar"), "species Ar is listed twice"),
        (lambda ar: potentia.fit(START, ar, observer=print), "`observer` is of type builtin_function"),
        (lambda ar: potentia.evaluate(START, ar, observer={}), "`observer` is of type dict"),
        (lambda ar: Observer(on_warning=None), "`on_warning` is of type NoneType, and has to be a function"),
        (lambda ar: Observer(on_progress="bar"), "`on_progress` is of type str, and has to be a function"),
        (lambda ar: potentia.compile("E = lj()", ("Ge", 5)), "there is no element `5`"),
        (lambda ar: potentia.compile(START).calculator(skin="1"), "a skin of '1' Å is not a distance"),
    ],
)
def test_values_of_a_wrong_type_are_told(call: Callable[[Path], object], message: str, files: Path) -> None:
    with pytest.raises(potentia.UserError, match=message):
        call(files / "ar.xyz")


def test_species_are_a_word_or_several() -> None:
    assert potentia.compile("E = lj()", "Ar").species == ("Ar",)
    assert (
        potentia.compile("E = lj()", "Ar, Kr").species == potentia.compile("E = lj()", ["Ar", "Kr"]).species
    )
    assert potentia.diff("E = lj(rc=5)", "E = lj(rc=6)", species="Ar").plot().get_xlabel()


def test_files_of_a_pattern_are_read(files: Path) -> None:
    assert potentia.read_data(files / "a?.xyz").files == (str(files / "ar.xyz"),)


def test_a_fraction_may_be_a_number_of_numpy(files: Path) -> None:
    assert len(potentia.read_data(files / "ar.xyz", test=np.float64(0.25)).test) == 2


def test_progress_and_warnings_are_heard(files: Path) -> None:
    heard: list[Any] = []
    observer = Observer(heard.append, lambda stage, share: heard.append((stage, share)))
    potentia.evaluate(files / "ar", files / "ar.xyz", target="reference", observer=observer)
    assert ("errors on test", 1.0) in heard


def test_versions_are_compared_whatever_they_are(files: Path) -> None:
    longer = START.replace("rc = 6", "rc = 7")
    found = potentia.diff(START, longer)
    assert repr(found).splitlines()[:2] == ["before → after: 1 change", "  ~ lj: rc 6 Å → 7 Å"]
    assert (found.is_same, found.is_refused, found.to_dict()["verdict"]) == (False, True, "different")
    assert not potentia.diff(START, longer, gate=["numbers"]).is_refused
    assert found.plot().get_ylabel() == "energy of a dimer (eV)"
    run = potentia.load(files / "ar")
    same = potentia.diff(run, files / "ar")
    assert same.is_same and len(repr(same).splitlines()) <= 6
    assert potentia.diff(run, potentia.compile(START)).is_same  # the numbers are no part of the formula
    with pytest.raises(potentia.UserError, match="is a spec: it has no fitted numbers"):
        potentia.diff(START, run, data=files / "ar.xyz")


def test_what_needs_a_run_says_so(files: Path) -> None:
    data = potentia.read_data(files / "ar.xyz")
    fit = potentia.fit(START.replace("0.02 eV", "fixed 0.02").replace("3.4)", "fixed 3.4)"), data)
    with pytest.raises(potentia.ArtifactError) as caught:
        potentia.fisher(fit, data)
    assert str(caught.value).endswith("help: give `output=FOLDER` to `fit`")
    with pytest.raises(potentia.ArtifactError, match="no covariance"):
        potentia.evaluate(fit, data, uncertainty=True)


def test_a_front_shows_its_models(tmp_path: Path) -> None:
    errors: Any = {"n_structures": 3, "energy_rmse_ev_per_atom": 0.002, "forces_rmse_ev_per_ang": 0.1}
    row: Any = {"cv": {"energy": 0.003, "forces": 0.12}, "train": errors, "test": errors, "operations": 100.0}
    row |= {"terms": [("pair(bessel4, rc = 5)", 4, 3.0)], "properties": [], "spec": "a.pes", "run": "a"}
    rows = tuple({**row, "size": size} for size in (5, 10, 15, 30))
    found = Front(tmp_path, rows, ("60 numbers: the budget ended",))
    assert found.sizes == (5, 10, 15, 30)
    assert repr(found).splitlines()[0] == f"Front: 4 models in {tmp_path / 'front'}; 1 left out"
    assert "pair(bessel4, rc = 5)" in found._repr_html_() and "the budget ended" in found._repr_html_()
    assert found.plot().get_ylabel() == "RMSE of forces (meV/Å)"
    with pytest.raises(LookupError, match="the smallest model has 5 parameters"):
        found.load(4)
