"""Files are whole or absent; a state comes back to the bit, or not at all and with a reason."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from potentia.compiler.diagnostics.diagnostic import ArtifactError, FitError
from potentia.runtime.files.atomic import atomic_directory, write_atomic
from potentia.runtime.files.npz import npz_bytes, read_npz
from potentia.runtime.files.states import fingerprint, load_state, save_state
from potentia.runtime.optimize.qr_system import Array


@dataclass(frozen=True)
class Inner:
    values: Array
    reason: str = ""


@dataclass(frozen=True)
class Outer:
    step: int
    loss: float
    done: bool
    leaves: tuple[Array, ...]
    inner: Inner | None = None
    other: Inner | None = None


HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }".ljust(117)
NPY = b"\x93NUMPY\x01\x00v\x00" + HEADER.encode() + b"\n" + bytes(8)
LEAVES = (np.arange(3, dtype=np.float32), np.array(7))
STATE = Outer(3, 0.1 + 0.2, True, LEAVES, Inner(np.full((2, 2), np.pi), "é"))  # type: ignore[arg-type]
WHAT = fingerprint(spec="E = lj()", config={"n": 100, "seed": 1})


def code_of(error: pytest.ExceptionInfo[ArtifactError] | pytest.ExceptionInfo[FitError]) -> str:
    return error.value.diagnostics[0].code


def test_a_state_comes_back_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.npz"
    save_state(path, STATE, WHAT)
    back = load_state(path, Outer, WHAT)
    assert (back.step, back.loss, back.done, back.other) == (3, 0.1 + 0.2, True, None)
    assert [type(x) for x in (back.step, back.loss, back.done)] == [int, float, bool]
    assert back.inner is not None and back.inner.reason == "é"
    assert back.inner.values.tobytes() == np.full((2, 2), np.pi).tobytes()
    assert [leaf.dtype for leaf in back.leaves] == [leaf.dtype for leaf in STATE.leaves]
    assert os.listdir(path.parent) == ["state.npz"]


def test_equal_states_give_equal_files() -> None:
    arrays = {"a": np.arange(3.0)}
    assert npz_bytes(arrays) == npz_bytes(arrays)


@pytest.mark.parametrize(
    ("spec", "config", "message"),
    [
        ("E = lj()", {"n": 100, "seed": 2}, "`config.seed` was 1, and is 2 now"),
        ("E = lj()", {"seed": 1}, "`config.n` was 100, and is not given now"),
        ("E = lj()", {"n": 100, "seed": 1, "prior": 0.1}, "`config.prior` is 0.1, and was not given then"),
        (b"E = zbl()", {"n": 100, "seed": 1}, "`spec` is not the one that the interrupted fit began with"),
    ],
)
def test_a_changed_input_is_refused_by_name(
    tmp_path: Path, spec: object, config: object, message: str
) -> None:
    save_state(tmp_path / "state.npz", STATE, WHAT)
    with pytest.raises(FitError) as caught:
        load_state(tmp_path / "state.npz", Outer, fingerprint(spec=spec, config=config))
    assert code_of(caught) == "resume-mismatch"
    assert caught.value.message == f"cannot resume: {message}"


def test_every_changed_input_is_named(tmp_path: Path) -> None:
    save_state(tmp_path / "state.npz", STATE, WHAT)
    with pytest.raises(FitError) as caught:
        load_state(tmp_path / "state.npz", Outer, fingerprint(spec=b"other", config={}))
    assert len(caught.value.diagnostics) == 3


@pytest.mark.parametrize("kept", [0, 1, 30, 0.5, 0.9, -1])
def test_a_truncated_file_is_said_to_be_damaged(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "state.npz"
    save_state(path, STATE, WHAT)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(ArtifactError) as caught:
        load_state(path, Outer, WHAT)
    assert code_of(caught) == "damaged-artifact"


def test_every_changed_byte_of_the_data_is_noticed_or_harmless(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_state(path, STATE, WHAT)
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            back = load_state(path, Outer, WHAT)
        except (ArtifactError, FitError):
            continue
        assert back.loss == STATE.loss and back.inner is not None
        assert np.all(back.inner.values == np.pi)


def test_other_files_are_damaged_states(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    objects = np.array([{}], dtype=object)
    for write in (
        lambda: path.write_bytes(NPY),
        lambda: np.savez(path, state=np.ones(2)),
        lambda: np.savez(path, **{"fingerprint.json": objects}),  # type: ignore[arg-type]
        lambda: path.write_bytes(npz_bytes({"fingerprint.json": np.array("{}")})),
        lambda: path.write_text("hello"),
    ):
        write()
        with pytest.raises(ArtifactError) as caught:
            load_state(path, Outer, {})
        assert code_of(caught) == "damaged-artifact"


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        read_npz(tmp_path / "none.npz")
    assert code_of(caught) == "missing-artifact"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "state.npz"
    with pytest.raises(ArtifactError) as caught:
        write_atomic(path, b"x")
    assert code_of(caught) == "unwritable"
    assert caught.value.message.startswith(f"cannot write {path}: ")
    with pytest.raises(ArtifactError), atomic_directory(path):
        raise AssertionError("not reached")


def test_a_full_disk_keeps_the_previous_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.npz"
    write_atomic(path, "before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError) as caught:
        write_atomic(path, b"after")
    assert code_of(caught) == "unwritable"
    assert caught.value.message == f"cannot write {path}: No space left on device"
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["state.npz"]


def test_a_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "runs" / "nb"
    with pytest.raises(ValueError, match="stop"), atomic_directory(target) as folder:
        (folder / "a").write_text("1")
        raise ValueError("stop")
    assert os.listdir(target.parent) == []
    with atomic_directory(target) as folder:
        (folder / "a").write_text("1")
        assert not target.exists()
    assert os.listdir(target.parent) == ["nb"]
    assert (target / "a").read_text() == "1"


def test_an_existing_directory_is_kept_unless_replaced(tmp_path: Path) -> None:
    target = tmp_path / "nb"
    with atomic_directory(target) as folder:
        (folder / "a").write_text("1")
    with pytest.raises(ArtifactError, match="it exists already"), atomic_directory(target):
        raise AssertionError("not reached")
    with pytest.raises(ArtifactError, match="No space left"), atomic_directory(target, replace=True):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (target / "a").read_text() == "1"
    with atomic_directory(target, replace=True) as folder:
        (folder / "b").write_text("2")
    assert os.listdir(target) == ["b"]
    assert os.listdir(tmp_path) == ["nb"]
