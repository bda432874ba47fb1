"""Names of files that results go by."""

from __future__ import annotations

from pathlib import Path

import pytest
from potentia.runtime.data.names import distinct_names, given_twice

CASES = {
    ("runs/nb.cif", "w.cif"): ["nb", "w"],
    ("A/POSCAR", "B/POSCAR"): ["A/POSCAR", "B/POSCAR"],
    ("x/A/POSCAR", "y/A/POSCAR", "w.cif"): ["x/A/POSCAR", "y/A/POSCAR", "w"],
    ("bcc.xyz",): ["bcc_xyz"],
    ("a/bcc.xyz", "b/bcc.xyz"): ["a/bcc_xyz", "b/bcc_xyz"],
    ("nb.vasp", "nb.cif"): ["nb_vasp", "nb_cif"],
    ("many.xyz@0", "many.xyz@1"): ["many@0", "many@1"],
    ("a.b.xyz", "a_b.xyz"): ["a_b_xyz", "a_b_xyz#2"],
}


@pytest.mark.parametrize("files", CASES)
def test_no_two_names_are_alike(files: tuple[str, ...]) -> None:
    assert distinct_names(files, ("bcc", "fcc")) == CASES[files]


def test_a_file_by_two_paths_is_given_twice(tmp_path: Path) -> None:
    file = f"{tmp_path}/a.xyz"
    assert given_twice([f"{file}@0", f"{file}@1"]) is None
    again = f"{tmp_path}/../{tmp_path.name}/a.xyz"
    assert given_twice([file, again]) == again
