"""Programs of XLA in the user's cache folder: kept by default, whole, bounded in size."""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax.experimental.compilation_cache.compilation_cache import reset_cache
from potentia.compiler.backends import user_folder
from potentia.compiler.backends.xla import kept
from potentia.compiler.backends.xla.start import start

_SETTINGS = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_enable_xla_caches",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """jax as a user has it who has set nothing."""
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path))
    monkeypatch.setattr(user_folder, "_warned", set())
    before = {name: getattr(jax.config, name) for name in _SETTINGS}
    jax.config.update("jax_compilation_cache_dir", None)
    reset_cache()
    yield tmp_path / kept.FOLDER
    for name, value in before.items():
        jax.config.update(name, value)
    reset_cache()


def compiled(number: float) -> None:
    """A program of this number alone, compiled or read."""
    jax.jit(lambda x: x * number)(jnp.ones(3))


def test_programs_are_kept(folder: Path) -> None:
    start()
    compiled(3.25)
    assert any("lambda" in entry.name for entry in folder.glob(kept.ENTRIES))


def test_the_folder_of_the_user_stays(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    jax.config.update("jax_compilation_cache_dir", str(own))
    start()
    compiled(4.25)
    assert list(own.glob("*-cache")) and not folder.exists()


def unwritable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_bytes", refused)


def test_a_folder_that_cannot_be_written_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unwritable(monkeypatch)
    with pytest.warns(UserWarning, match=r"warning\[cache-unwritable\].*read-only file system"):
        start()
    start()  # said once a process
    assert jax.config.jax_compilation_cache_dir is None  # type: ignore[attr-defined]


def test_a_folder_that_is_read_only_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = kept.folder_of(folder)
    kept.prepare(own)
    (own / "a-cache").write_bytes(zlib.compress(b"program"))
    unwritable(monkeypatch)
    start()
    assert jax.config.jax_compilation_cache_dir == str(own)  # type: ignore[attr-defined]
    compiled(5.25)  # jax's own remark that it cannot be kept is not heard


def test_alarms_of_xla_are_not_heard() -> None:
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"  # read by jax as it is imported, after this package


def entry(folder: Path, name: str, content: bytes, age: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-cache"
    path.write_bytes(content)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def test_what_is_cut_short_is_removed_and_then_what_was_not_used_for_longest(tmp_path: Path) -> None:
    program = zlib.compress(bytes(range(256)))
    old, newer, newest = (entry(tmp_path / "x", f"{age}", program, age) for age in (300.0, 200.0, 100.0))
    cut = entry(tmp_path / "y", "cut", program[:-3], 50.0)
    kept.tidy(tmp_path, 2 * len(program))
    assert [path.exists() for path in (old, newer, newest, cut)] == [False, True, True, False]


def test_nothing_is_looked_through_where_nothing_has_come(tmp_path: Path) -> None:
    cut = entry(tmp_path / "x", "cut", b"", 50.0)
    ahead = cut.stat().st_mtime + 3600.0
    (tmp_path / ".looked").touch()
    os.utime(tmp_path / ".looked", (ahead, ahead))
    kept.tidy(tmp_path, 0)
    assert cut.exists()
