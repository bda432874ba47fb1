"""Crystals of files in the configuration of properties: their format and the elements of their types."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import UserError
from potentia.runtime.properties.config import load_properties_config
from potentia.runtime.properties.prototypes import Candidate, candidate
from properties_cases import BCC, faults, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[structures.x]\nfile = "x.dump"\ntypes = "Nb,Nx"',
            [("bad-value", "`structures.x`: `Nx` is not a chemical element", None)],
        ),
        (
            '[structures.x]\nfile = "x.dump"\nformat = "lamps-data"',
            [("bad-value", "`structures.x`: `lamps-data` is no format that is read", None)],
        ),
        (
            BCC + 'types = "Nb"',
            [("bad-value", "`structures.bcc`: `format` and `types` go with a `file`", None)],
        ),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str | None]]
) -> None:
    with pytest.raises(UserError) as caught:
        load_properties_config(written(tmp_path, text))
    assert faults(caught) == expected


DUMP = """ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
1
ITEM: BOX BOUNDS pp pp pp
0.0 3.3
0.0 3.3
0.0 3.3
ITEM: ATOMS id type x y z
1 2 0.0 0.0 0.0
"""


def test_a_file_says_its_types_and_its_format(tmp_path: Path) -> None:
    (tmp_path / "x.out").write_text(DUMP)
    table = '[structures.x]\nfile = "x.out"\nformat = "lammps-dump-text"\n'

    def found(more: str) -> Candidate:
        config = load_properties_config(written(tmp_path, table + more)).structures["x"]
        return candidate("x", config, ["Nb"], "here")

    assert found('types = "W,Nb"').structure.species == ("Nb",)
    with pytest.raises(UserError) as caught:
        found("")
    help = 'say which element each type is, from 1 on: `types="Nb,Mo"`'
    assert faults(caught) == [("types-only", "the atoms of `x.out` have the type 2 and no elements", help)]
    with pytest.raises(UserError) as caught:
        found('types = "Nb"')
    assert faults(caught) == [("bad-types", "`x.out` has the type 2, and `types` names 1", help)]
    prototype = load_properties_config(written(tmp_path, BCC)).structures["bcc"]
    assert not {"format", "types"} & set(prototype.model_dump())  # the digest of a stored design
