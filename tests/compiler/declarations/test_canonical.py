"""A spec as it is stored: it stands alone and means what was fitted."""

from __future__ import annotations

from pathlib import Path

from potentia.compiler import pipeline
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.ir.graph import Model
from potentia.compiler.program import Program


def model(text: str, species: tuple[str, ...] | None = None) -> Model:
    return pipeline.build(pipeline.check(pipeline.parse(text)), species)


def canonical(source: Source, species: tuple[str, ...], reference: bool = False) -> str:
    program = Program.of(source).for_species(species)
    return (program.with_reference() if reference else program).self_contained().text


def test_species_and_reference_energies_are_stated() -> None:
    text = "# nb.pes\nE = zbl(Nb) + eam(rc=5)  # the formula\n"
    assert canonical(Source(text), ("Nb",), reference=True) == (
        "# nb.pes\nspecies Nb\nE = zbl(Nb) + eam(rc=5) + reference()  # the formula\n"
    )
    assert (
        canonical(Source(text), ("Nb",)) == "# nb.pes\nspecies Nb\nE = zbl(Nb) + eam(rc=5)  # the formula\n"
    )


def test_what_is_there_is_not_added_again() -> None:
    text = "species Nb\nlet atoms = reference()\nE = lj() + atoms\n"
    assert canonical(Source(text), ("Nb",), reference=True) == text
    own = "term reference() { site(i) = 1 eV }\nspecies Nb\nE = lj() + reference()\n"
    assert "reference() + reference()" not in canonical(Source(own), ("Nb",), reference=True)


def test_any_form_of_energy_takes_a_reference() -> None:
    for energy in ("(lj() + eam())", "pin lj()", "lj() * gate(eam())", "-lj()"):
        text = canonical(Source(f"E = {energy}"), ("Nb",), reference=True)
        assert text == f"species Nb\nE = {energy} + reference()\n"
        before = {p.name for p in model(f"E = {energy}", ("Nb",)).parameters}
        assert {p.name for p in model(text).parameters} - before == {"reference.e0"}


def test_imports_are_written_out(tmp_path: Path) -> None:
    deep = "term core(rc = 2 Å) { pair(r) = 1 eV * step(rc - r) }\nE = core()\n"
    (tmp_path / "deep.pes").write_text(deep, encoding="utf-8")
    (tmp_path / "mine.pes").write_text('import "deep.pes"\nlet far = 5 Å # reach\n', encoding="utf-8")
    source = Source('import "mine.pes"\nE = core() + lj(rc=far)\n', str(tmp_path / "a.pes"))
    text = canonical(source, ("Nb",))
    assert text == (
        "species Nb\n\n# from mine.pes\n# from deep.pes\n"
        "term core(rc = 2 Å) {\n  pair(r) = 1 eV * step(rc - r)\n}\n\n"
        "let far = 5 Å  # reach\n\nE = core() + lj(rc=far)\n"
    )
    direct = pipeline.build(pipeline.check(pipeline.parse(source)), ("Nb",))
    assert model(text).outputs["energy"] is direct.outputs["energy"]
