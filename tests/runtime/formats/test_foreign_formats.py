"""Formats of other programs: found by their files, chosen by what a file begins with."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import ArtifactError, Diagnostic
from potentia.runtime.formats import registry
from potentia.runtime.formats.foreign_format import Exported, Format, Imported
from potentia.runtime.potential.potential import Potential, compile

ENERGY = "species Cu\nE = pair(gaussian(2), rc = 4)\n"


def test_a_file_or_folder_is_a_format(root: Path) -> None:
    room = root / "runtime" / "formats"
    found = {path.stem for path in room.glob("*.py")} | {path.parent.name for path in room.glob("*/*.py")}
    names = sorted(found - {"__init__", "foreign_format", "not_read", "registry"})
    assert names == list(registry.formats())
    for name in names:
        assert registry.format_of(name).name == name


def test_an_unknown_format_is_told() -> None:
    with pytest.raises(ArtifactError) as caught:
        registry.format_of("mace")
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == ("unknown-target", f"known: {', '.join(registry.formats())}")


def a_format() -> Format:
    """A format that holds specs with a first line of its own."""

    def read(path: Path) -> Imported:
        return Imported(compile(path.read_text().partition("\n")[2]), "a spec")

    def write(potential: Potential) -> Exported:
        return Exported("spec\n" + potential.text, "a spec", {})

    return Format(
        "mine", "a spec", "all formulas", lambda p: p.is_file() and p.read_text()[:4] == "spec", read, write
    )


def test_a_file_goes_to_the_format_that_recognises_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, mine = registry.formats(), a_format()
    monkeypatch.setattr(registry, "formats", lambda: {**ours, "mine": mine})
    path = tmp_path / "potential.txt"
    path.write_text(registry.format_of("mine").write(compile(ENERGY)).text)
    assert registry.read(path).potential.species == ("Cu",)


def refused(path: Path) -> Diagnostic:
    with pytest.raises(ArtifactError) as caught:
        registry.read(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.place == str(path)
    return diagnostic


def test_a_file_of_no_known_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "potential.txt"
    path.write_text("eam of niobium\n")
    found = refused(path)
    assert (found.code, found.message) == (
        "unknown-format",
        f"`{path}` begins like a file of no known format",
    )
    known = "; ".join(f.file for f in registry.readable().values())
    assert found.help == f"known formats: {known}"
    assert "nep.txt of GPUMD (nep3, nep4)" in known
    both = {**registry.formats(), "mine": a_format()}
    monkeypatch.setattr(registry, "formats", lambda: both)
    assert refused(path).help == f"known formats: {known}; a spec"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nep.txt").write_text("nep4 1 Nb\n")
    missing = refused(tmp_path / "nep.tx")
    assert (missing.code, missing.help) == ("missing-file", "did you mean `nep.txt`?")
    assert refused(tmp_path).code == "unreadable-file"
