"""Structures of argon with exact labels, and the run that made them."""

from __future__ import annotations

from pathlib import Path

import pytest
from labelled_frames import SPEC, Frame, rattled
from potentia.runtime.potential.potential import compile
from potentia.runtime.runs.run_folder import save


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return rattled()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels") / "ar"
    save(folder, compile(SPEC), certified=False)
    return folder
