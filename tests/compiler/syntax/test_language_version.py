"""Specs of older languages go on to mean what they meant: stored texts, and the energies that they gave.

POTENTIA_UPDATE=1 writes the energies anew, which no change of the language or the library may ask for.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from places import GOLDEN
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import ArtifactError
from potentia.compiler.syntax import language_version as upgrade
from potentia.compiler.syntax.formatter import format_source
from potentia.compiler.syntax.language_version import LANGUAGE, upgraded
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs import run_folder as artifact
from registry import by_reference, starts

FOLDER = GOLDEN / "old_specs"
OLD = sorted(FOLDER.glob("*.pes"))
PLACES = [[0, 0, 0], [2.1, 0.1, 0.2], [0.2, 2.4, 0.3], [2.3, 2.5, 0.1], [1.1, 1.0, 2.2]]  # Å
ATOMS = Atoms("NbONb2O", PLACES)


def language(path: Path) -> int:
    return int(path.stem.removeprefix("language"))


def said(text: str) -> dict[str, object]:
    """The energy and forces of a spec at its start values, and its numbers."""
    model = pipeline.build(pipeline.check(pipeline.parse(text)))
    found = by_reference(model, starts(model), ATOMS)
    names = [f"{p.name} {len(p.start)} {sum(p.free)}" for p in model.parameters]
    return {"energy": found.energy, "forces": found.forces.tolist(), "parameters": names}


@pytest.mark.parametrize("path", OLD, ids=lambda p: p.stem)
def test_an_old_spec_means_what_it_meant(path: Path) -> None:
    now = said(upgraded(path.read_text(encoding="utf-8"), language(path)))
    golden = path.with_suffix(".json")
    if os.environ.get("POTENTIA_UPDATE"):
        golden.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    then = json.loads(golden.read_text(encoding="utf-8"))
    assert now["parameters"] == then["parameters"]
    np.testing.assert_allclose(now["energy"], then["energy"], rtol=1e-12)
    np.testing.assert_allclose(now["forces"], then["forces"], rtol=1e-9, atol=1e-12)


def test_every_language_has_a_stored_spec_and_a_way_to_the_next() -> None:
    assert {language(path) for path in OLD} == set(range(1, LANGUAGE + 1))
    assert set(upgrade._STEPS) == set(range(1, LANGUAGE))


def test_a_spec_of_this_language_stays_as_it_is() -> None:
    text = next(p for p in OLD if language(p) == LANGUAGE).read_text(encoding="utf-8")
    assert upgraded(text, LANGUAGE) == text
    assert said(format_source(text)) == said(text)


# --- runs ------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Path:
    artifact.save(tmp_path / "run", compile("E = lj(Nb)"))
    return tmp_path / "run"


def rewritten(run: Path, **changes: object) -> None:
    path = run / artifact.METADATA
    content = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}), encoding="utf-8")


def test_a_run_says_its_language(run: Path) -> None:
    assert json.loads((run / artifact.METADATA).read_text(encoding="utf-8"))["language"] == LANGUAGE
    rewritten(run, language=None)  # as runs were before they said it
    assert artifact.load(run).metadata.language == 1


def test_a_run_of_an_older_language_is_brought_up(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the next language had another word for this call."""
    monkeypatch.setattr(upgrade, "LANGUAGE", 2)
    monkeypatch.setattr(upgrade, "_STEPS", {1: lambda text: text.replace("lj(", "pin lj(")})
    assert [t.pinned for t in artifact.load(run).model.terms] == [True]


def test_a_run_of_a_newer_language_is_refused(run: Path) -> None:
    rewritten(run, language=LANGUAGE + 1)
    with pytest.raises(ArtifactError) as caught:
        artifact.load(run)
    (d,) = caught.value.diagnostics
    assert (d.code, d.place) == ("newer-language", str(run / artifact.SPEC))
    assert d.message == (
        f"the spec of {run} is in language {LANGUAGE + 1}; "
        f"this potentia ({artifact._version()}) has {LANGUAGE}"
    )
    assert d.help == "it was written by a newer potentia: upgrade"
