"""A printed model reads back as the same nodes."""

from __future__ import annotations

import pytest
from potentia.compiler import pipeline
from potentia.compiler.declarations.library import term_names
from potentia.compiler.diagnostics.diagnostic import InternalError
from potentia.compiler.ir.graph import Model
from potentia.compiler.ir.printer import print_model
from potentia.compiler.ir.reader import parse_model


def built(text: str) -> Model:
    return pipeline.build(pipeline.check(pipeline.parse(text)))


def same(a: Model, b: Model) -> None:
    assert (a.species, a.parameters, a.open_species) == (
        b.species,
        b.parameters,
        b.open_species,
    )
    assert list(a.outputs) == list(b.outputs)
    assert all(a.outputs[name] is b.outputs[name] for name in a.outputs)
    assert [(t.name, t.called, t.pinned) for t in a.terms] == [(t.name, t.called, t.pinned) for t in b.terms]
    assert all(s.energy is t.energy for s, t in zip(a.terms, b.terms, strict=True))


@pytest.mark.parametrize("name", term_names())
def test_terms_of_the_library_come_back(name: str) -> None:
    model = built(f"species Si, C\nE = {name}()")
    for stage in (model, pipeline.optimize(model)):
        text = print_model(stage)
        same(parse_model(text), stage)
        assert print_model(parse_model(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "E = pin zbl(Nb) + lj(epsilon = 0.1 eV in (0 eV, 1e300 eV)) * gate(nn(bessel8))",
        "E = lj()",  # species left to the data
        "let core = lj(Nb)\nE = morse(r0 = core.sigma)",  # of a term that is not in the energy
        "species Nb, W\nE = zbl(Nb, outer = 2) + lj(epsilon = {Nb-Nb: 1, Nb-W: 2, W-W: 3})",
    ],
)
def test_models_come_back(text: str) -> None:
    same(parse_model(print_model(built(text))), built(text))


def test_what_is_printed() -> None:
    assert print_model(built("species Nb\nE = reference()")) == (
        "species Nb\n"
        "parameter reference.e0 species eV of reference = 0.0 in (-inf, inf)\n"
        '%0 = param {name="reference.e0"} : species eV\n'
        '%1 = at(%0) {domain=site, of="i"} : site eV\n'
        "term reference = %1 calls reference\n"
        "output energy = %1\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "%0 = const {values=(1.0,)} : none 1\n%1 = exp(%7) : none 1",
            "line 2 of the printed model cannot be read: '%7'",
        ),
        (
            "%0 = const {values=(1.0,)} : none eV\n%1 = neg(%0) : none 1",
            "line 2 of the printed model cannot be read: neg is none eV, not none 1",
        ),
    ],
)
def test_a_changed_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(InternalError) as caught:
        parse_model(text)
    assert str(caught.value) == message
