"""First lines of frames, and names of files, that no file has."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.compiler.diagnostics.diagnostic import DataError
from potentia.runtime.data.readers import read

FRAME = "2\nProperties=species:S:1:pos:R:3 energy=-1.0\nNb 0 0 0\nNb 2.5 2.5 2.5\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2\n", "-5\n", "a structure cannot have -5 atoms"),
        (
            "2\n",
            f"{2**63}\n",
            "a structure cannot have 9223372036854775808 atoms; at most 100000000 are read",
        ),
        (
            "2\n",
            "٢\n",
            "`ARABIC-INDIC DIGIT TWO` is no digit of a number of atoms: 0 to 9 are",
        ),
        ("2\n", "two\n", "expected a number of atoms, found `two`"),
        (
            "pos:R:3",
            "pos:R:1000000000",
            "`Properties` cannot be read at `pos:R:1000000000`",
        ),
        (
            "pos:R:3",
            "pos:R:-3",
            "`Properties` cannot be read at `pos:R:-3`",
        ),
    ],
)
def test_a_header_that_no_file_has(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "x.xyz"
    path.write_text(FRAME.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(str(path))
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("unreadable-structure", message)
    line = 1 if old == "2\n" else 2
    assert found.place == f"x.xyz, structure 1, line {line}"


def test_a_step_of_0_and_a_long_name(tmp_path: Path) -> None:
    path = tmp_path / "x.xyz"
    path.write_text(FRAME, encoding="utf-8")
    assert len(read(f"{path}@::-1").structures) == 1
    for where, code, message in (
        (f"{path}@::0", "bad-selection", f"`{path}@::0` takes every 0th structure, which is none"),
        ("a" * 5000, "missing-file", f"there is no file `{'a' * 40}…`"),
    ):
        with pytest.raises(DataError) as caught:
            read(where)
        assert (caught.value.diagnostics[0].code, caught.value.diagnostics[0].message) == (code, message)
