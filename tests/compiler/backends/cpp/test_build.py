"""The cache of compiled kernels: whole entries, many processes, bounded size, folders that fail."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import ROOT
from potentia.compiler.backends import user_folder
from potentia.compiler.backends.cpp import build, cache, cpu
from potentia.compiler.backends.cpp.cache import Cache
from potentia.compiler.backends.cpp.toolchain import SUFFIX, Compiler
from potentia.compiler.diagnostics.diagnostic import Diagnostic, ToolError
from stand_in_kernels import lennard_jones, require_compiler

TEXT = lennard_jones()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    require_compiler()
    monkeypatch.setenv("POTENTIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(user_folder, "_warned", set())
    return tmp_path / "cache" / "kernels"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The libraries that are compiled, as they are."""
    found: list[Path] = []
    compile_once = Compiler.compile

    def counted(self: Compiler, text: str, library: Path, more_flags: tuple[str, ...] = ()) -> None:
        found.append(library)
        compile_once(self, text, library, more_flags)

    monkeypatch.setattr(Compiler, "compile", counted)
    return found


# --- what is kept ---------------------------------------------------------------------------------


def test_a_text_is_compiled_once(folder: Path, compiled: list[Path]) -> None:
    first = build.kernel(TEXT)
    assert build.kernel(TEXT).path == first.path and len(compiled) == 1
    (entry,) = folder.iterdir()
    assert first.path.parent == entry and first.path.suffix == SUFFIX
    assert (entry / "kernel.cpp").read_text(encoding="utf-8") == TEXT
    facts = json.loads((entry / "kernel.json").read_text(encoding="utf-8"))
    assert facts["compiler"] == require_compiler().version and "-O3" in facts["flags"]


def test_another_text_compiler_flag_or_processor_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    own = require_compiler()
    names = {
        build.name_of(TEXT, own),
        build.name_of(TEXT + " ", own),
        build.name_of(TEXT, Compiler(own.command, "g++ 99", own.flags)),
        build.name_of(TEXT, Compiler(own.command, own.version, (*own.flags, "-g"))),
    }
    monkeypatch.setattr(cpu, "digest", lambda: "another")
    assert len(names | {build.name_of(TEXT, own)}) == 5


@pytest.mark.parametrize("damage", ["truncated", "garbage", "no library", "no facts", "facts", "a file"])
def test_a_damaged_entry_is_made_again(folder: Path, compiled: list[Path], damage: str) -> None:
    path = folder / build.name_of(TEXT, require_compiler()) / "kernel.so"
    subprocess.run([sys.executable, "-c", _OTHER_PROCESS, TEXT], check=True, env=_environment())
    (library,) = folder.glob(f"*/kernel-*{SUFFIX}")
    assert library.parent == path.parent
    if damage == "truncated":
        os.truncate(library, 5000)
    elif damage == "garbage":
        library.write_bytes(b"\x7fELF" + os.urandom(9000))
    elif damage == "no library":
        library.unlink()
    elif damage == "no facts":
        (library.parent / "kernel.json").unlink()
    elif damage == "facts":
        (library.parent / "kernel.json").write_text('{"library": 3}', encoding="utf-8")
    else:
        cache.shutil.rmtree(library.parent)
        library.parent.write_text("", encoding="utf-8")
    assert build.kernel(TEXT).about.species == ("A", "B")
    assert len(compiled) == 1
    assert [p.name for p in folder.iterdir() if p.is_dir()] == [path.parent.name]


def test_a_kernel_for_another_processor_is_refused_and_made_again(
    folder: Path, compiled: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that got the right name with instructions that this processor lacks."""
    monkeypatch.setattr(cpu, "features", lambda: frozenset({"sse2"}))
    name = build.name_of(TEXT, require_compiler())
    store, other = Cache(folder), lennard_jones(isa="sse2 quantum1")
    store.store(name, SUFFIX, lambda path: require_compiler().compile(other, path) or {})
    assert build.kernel(TEXT).about.isa == ""
    assert len(compiled) == 2
    assert build.kernel(TEXT).about.isa == "" and len(compiled) == 2


# --- many processes -------------------------------------------------------------------------------

_OTHER_PROCESS = (
    "import sys; from potentia.compiler.backends.cpp.build import kernel; print(kernel(sys.argv[1]).path)"
)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT.parent)}


def _start(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True, env=_environment())


def test_two_processes_build_the_same(folder: Path) -> None:
    both = [_start(_OTHER_PROCESS, TEXT) for _ in range(2)]
    ends = [process.communicate() for process in both]
    assert [(process.returncode, err) for process, (_, err) in zip(both, ends, strict=True)] == [(0, "")] * 2
    assert ends[0][0] == ends[1][0] and Path(ends[0][0].strip()).is_file()
    assert len(list(folder.iterdir())) == 1


def test_a_killed_process_leaves_nothing_that_matters(folder: Path, compiled: list[Path]) -> None:
    code = (
        "import sys, time; from pathlib import Path; from potentia.compiler.backends.cpp.cache import Cache\n"
        "def fill(path):\n    path.write_text('half')\n    print('there', flush=True)\n    time.sleep(600)\n"
        "Cache(Path(sys.argv[1])).store(sys.argv[2], '.so', fill)"
    )
    victim = _start(code, str(folder), build.name_of(TEXT, require_compiler()))
    assert victim.stdout is not None and victim.stdout.readline() == "there\n"
    victim.kill()
    victim.communicate()
    assert build.kernel(TEXT).about.digest == "lj" and len(compiled) == 1
    (left,) = folder.glob(".*.part")
    os.utime(left, (0, 0))
    Cache(folder).trim()
    assert not left.exists() and len(list(folder.iterdir())) == 1


# --- bounds ---------------------------------------------------------------------------------------


def _entry(store: Cache, name: str, age: float) -> Path:
    found = store.store(name, ".so", lambda path: path.write_bytes(b"x" * 10_000) and {})
    cache._release(found.parent)
    os.utime(found.with_name("kernel.json"), (time.time() - age,) * 2)
    return found


def test_the_entries_not_used_for_longest_go(tmp_path: Path) -> None:
    large, small = Cache(tmp_path), Cache(tmp_path, limit=25_000)
    old, middle, new = (_entry(large, name, age) for name, age in (("a", 300), ("b", 200), ("c", 100)))
    assert large.find("a") == old  # a use makes it the newest, and is let go of
    cache._release(old.parent)
    small.trim()
    assert [p.exists() for p in (old, middle, new)] == [True, False, True]


def test_an_entry_in_use_stays(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    own, others = _entry(store, "a", 300), _entry(store, "b", 200)
    assert store.find("a") == own
    code = (
        "import sys; from pathlib import Path; from potentia.compiler.backends.cpp.cache import Cache\n"
        "Cache(Path(sys.argv[1])).find('b'); print('held', flush=True); sys.stdin.read()"
    )
    user = _start(code, str(tmp_path))
    assert user.stdout is not None and user.stdout.readline() == "held\n"
    Cache(tmp_path, limit=0).trim()
    assert own.exists() and others.exists()
    user.kill()  # its lock goes with it
    user.communicate()
    Cache(tmp_path, limit=0).trim()
    assert own.exists() and not others.exists()
    cache._release(own.parent)


# --- folders that fail ----------------------------------------------------------------------------


def _failing(monkeypatch: pytest.MonkeyPatch, below: Path, code: int) -> None:
    """No folder is made below a path: stands for a read-only disk, as root may write anywhere."""
    make = Path.mkdir

    def refused(self: Path, *arguments: object, **named: object) -> None:
        if self.is_relative_to(below):
            raise OSError(code, os.strerror(code), str(self))
        make(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refused)


@pytest.mark.parametrize(
    ("code", "words"), [(errno.EROFS, "read-only file system"), (errno.ENOSPC, "no space left on device")]
)
def test_a_cache_that_cannot_be_written_to(
    folder: Path, compiled: list[Path], monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    _failing(monkeypatch, folder, code)
    told: list[Diagnostic] = []
    first = build.kernel(TEXT, on_warning=told.append)
    assert build.kernel(TEXT, on_warning=told.append).path == first.path  # once in this process
    assert first.path.is_relative_to(cache.private_folder()) and not folder.exists()
    assert [(d.code, d.severity, d.message, d.place) for d in told] == [
        (
            "cache-unwritable",
            "warning",
            f"no kernel can be kept in the cache folder: {words}; each process compiles its own",
            str(folder),
        )
    ]
    user_folder._warned.clear()
    with pytest.warns(UserWarning, match=r"warning\[cache-unwritable\]"):
        build.kernel(TEXT)
    assert len(compiled) <= 1


def test_a_disk_that_fills_up_while_it_is_compiled(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _program(tmp_path, "echo 'as: /x/kernel.so: No space left on device' >&2; exit 1")
    told: list[Diagnostic] = []
    with pytest.raises(ToolError) as caught:
        build.kernel("full", using=Compiler((program,), "1", ()), on_warning=told.append)
    assert [d.code for d in told] == ["cache-unwritable"]
    assert caught.value.diagnostics[0].code == "unwritable"
    assert caught.value.diagnostics[0].message == "a kernel can be written nowhere: no space left on device"
    assert list(folder.iterdir()) == []


def test_no_folder_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _failing(monkeypatch, tmp_path, errno.EACCES)
    monkeypatch.setattr(cache, "private_folder", lambda: tmp_path / "private")
    with pytest.raises(ToolError) as caught:
        build.kernel(lennard_jones(digest="nowhere"), on_warning=lambda d: None)
    (found,) = caught.value.diagnostics
    assert (found.code, found.place) == ("unwritable", str(tmp_path / "private"))
    assert found.message == "a kernel can be written nowhere: permission denied"


def test_a_read_only_cache_is_read(
    folder: Path, compiled: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build.kernel(TEXT)
    _failing(monkeypatch, folder, errno.EROFS)
    monkeypatch.setattr(os, "utime", lambda *_: (_ for _ in ()).throw(OSError(errno.EROFS, "read-only")))
    assert build.kernel(TEXT).path == first.path and len(compiled) == 1


def test_a_folder_that_libraries_are_not_loaded_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is mounted `noexec`."""

    def load(path: Path) -> Path:
        if path.is_relative_to(folder):
            raise OSError(f"{path}: failed to map segment from shared object")
        return path

    told: list[Diagnostic] = []
    assert build.loaded(TEXT, load, on_warning=told.append).is_relative_to(cache.private_folder())
    assert [d.code for d in told] == ["cache-unwritable"]
    assert "failed to map segment from shared object; each process compiles its own" in told[0].message


def _program(folder: Path, script: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)
