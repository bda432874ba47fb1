"""A program that changes stays of one piece: its syntax and its model are those that its text would give."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz_specs import Grower
from potentia.compiler import pipeline
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.source import Source, Span
from potentia.compiler.ir.graph import Model
from potentia.compiler.program import Program

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.pes"))


def said(part: Any) -> Any:
    """A syntax tree as plain data, with places."""
    if isinstance(part, Span):
        return part.start, part.end
    if isinstance(part, Source):
        return part.text
    if isinstance(part, tuple):
        return tuple(map(said, part))
    if dataclasses.is_dataclass(part):
        values = {f.name: said(getattr(part, f.name)) for f in dataclasses.fields(part)}
        return type(part).__name__, tuple(values.items())
    return part


def terms(model: Model) -> list[Any]:
    return [
        (t.name, t.called, t.energy, t.pinned, t.origin and (t.origin.start, t.origin.end))
        for t in model.terms
    ]


def hold(program: Program) -> None:
    """What the program says against a parse, a check and a build of its text."""
    checked = pipeline.check(pipeline.parse(Source(program.text, program.source.name)))
    assert said(program.checked.file) == said(checked.file)
    for mine, other in ((program.checked.lets, checked.lets), (program.checked.terms, checked.terms)):
        assert [(k, said(v)) for k, v in mine.items()] == [(k, said(v)) for k, v in other.items()]
    assert said(program.checked.energy) == said(checked.energy)
    assert said(program.checked.species) == said(checked.species)
    built = pipeline.build(checked, program.species)
    assert program.model.outputs["energy"] is built.outputs["energy"]
    assert program.model.parameters == built.parameters
    assert program.model.species == built.species
    assert terms(program.model) == terms(built)


def changed(program: Program) -> Iterator[Program]:
    yield program.with_reference()
    yield program.self_contained()
    yield program.with_reference().self_contained()


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_shipped_specs_change_as_a_whole(path: Path) -> None:
    for program in changed(Program.read(path).for_species(("Nb",) if "nb" in path.stem else ())):
        hold(program)


@pytest.mark.parametrize(
    "energy",
    [
        "lj()",
        "(lj() + morse())",
        "lj() + (morse() + eam(rc=5))",
        "(lj()) - (morse())",
        "2 * (lj() + morse())",
        "pin lj()",
        "-lj()",
        "lj() * gate(eam())",
        "both",
        "((lj()))",
    ],
)
def test_any_form_of_energy_changes_as_a_whole(energy: str) -> None:
    text = f"# first\nlet both = lj() + morse()  # two\n\nE = # here\n  {energy}  # the sum\n# last\n"
    for program in changed(Program.of(text).for_species(("Nb", "O"))):
        hold(program)


def test_grown_specs_change_as_a_whole() -> None:
    seen = 0
    for seed in range(60):
        try:
            program = Program.of(Grower(random.Random(seed)).spec()).for_species(("Nb", "O"))
            _ = program.model
        except SpecError:
            continue
        seen += 1
        for other in changed(program):
            hold(other)
    assert seen > 5


def test_imports_change_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "deep.pes").write_text(
        "species Nb\nterm core(rc = 4 Å) { pair(r) = 1 eV }\nE = core()\n", "utf-8"
    )
    (tmp_path / "mine.pes").write_text('import "deep.pes" # deep\nlet far = 5 Å # reach\n', "utf-8")
    # a file that two others import is there once
    text = '# top\nimport "mine.pes"  # mine\nimport "deep.pes"\nE = core() + lj(rc=far)\n'
    (tmp_path / "a.pes").write_text(text, "utf-8")
    program = Program.read(tmp_path / "a.pes")
    for other in changed(program):
        hold(other)
    assert program.self_contained().text.count("term core(") == 1


def test_a_letter_of_old_is_a_letter_of_now() -> None:
    text = "term t(rc = 4 \u212b) {\n  param p\u212b = 1 eV\n  pair(r) = p\u212b\n}\nE = t()\n"
    hold(Program.of(text).for_species(("Nb",)).self_contained())


def test_a_program_for_other_species_is_another() -> None:
    program = Program.of("E = lj()")
    assert program.species == () and program.model.open_species
    assert program.for_species(()) is program
    nb = program.for_species(("Nb",))
    assert nb.species == nb.model.species == ("Nb",)
    named = Program.of("E = zbl(Nb) + lj()")
    assert named.for_species(("Nb",)) is named
    with pytest.raises(SpecError, match="the data has O, but the spec is for Nb"):
        named.for_species(("Nb", "O"))


def test_a_reference_that_is_there_stays_the_only_one() -> None:
    program = Program.of("species Nb\nlet atoms = reference()\nE = lj() + atoms\n")
    assert program.with_reference() is program


def test_a_fault_of_the_energy_is_told_before_the_reference_joins_it() -> None:
    for text, message in (("E = 1 eV", "depends on no atom"), ("species Nb\nE = lj() * lj()", "in eV, not")):
        with pytest.raises(SpecError, match=message):
            _ = Program.of(text).with_reference().model
