"""A generated C++ text as a loaded library, compiled once for each text, compiler, flags and processor."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from ...diagnostics.diagnostic import Diagnostic, ToolError
from ...diagnostics.warning import OnWarning, as_python_warning
from ..user_folder import HELP, limit, reason, user_folder, warn_unwritable
from . import cache, cpu
from .cache import Cache
from .library import Library
from .toolchain import SUFFIX, Compiler, compiler

T = TypeVar("T")


def kernel(
    text: str,
    digest: str | None = None,
    using: Compiler | None = None,
    on_warning: OnWarning = as_python_warning,
) -> Library:
    """The library of a generated text, from the user's cache or compiled now.

    digest: the one that the library has to name.
    using: a compiler other than the machine's own.
    on_warning: is given, once a process, the reason why nothing can be kept in the cache folder.
    Raises ToolError: `no-compiler`, `compiler-failed`, `damaged-kernel`, `foreign-kernel`, `unwritable`.
    """
    return loaded(text, lambda path: Library(path, digest), using, on_warning)


def loaded(
    text: str,
    load: Callable[[Path], T],
    using: Compiler | None = None,
    on_warning: OnWarning = as_python_warning,
    more_flags: tuple[str, ...] = (),
) -> T:
    """A C++ text as `load` reads its library, from the user's cache or compiled now.

    load: raises ToolError or OSError for a library that is not right, which is then made again.
    Raises ToolError: `no-compiler`, `compiler-failed`, `unwritable`, and those of `load`; DataError
    bad-value: the limit of the cache.
    """
    by = using or compiler()
    folder: Path | None = None
    try:
        folder = user_folder() / cache.FOLDER
        return _kept(Cache(folder, limit(cache.LIMIT)), text, load, by, more_flags)
    except OSError as error:
        warn_unwritable(folder, error, on_warning)
    try:
        folder = cache.private_folder()
        return _kept(Cache(folder), text, load, by, more_flags)
    except OSError as error:
        message = f"a kernel can be written nowhere: {reason(error)}"
        place = str(folder) if folder else None
        raise ToolError(Diagnostic("unwritable", message, place=place, help=HELP)) from error


def name_of(text: str, by: Compiler, more_flags: tuple[str, ...] = ()) -> str:
    """The name of a cached library: another processor, compiler or flag makes another."""
    parts = (text, by.identity, *more_flags, cpu.digest())
    return sha256("\0".join(parts).encode()).hexdigest()[:40]


def _kept(store: Cache, text: str, load: Callable[[Path], T], by: Compiler, more_flags: tuple[str, ...]) -> T:
    """Raises OSError where a library cannot be written to this folder, or not be loaded from it."""
    name = name_of(text, by, more_flags)
    if found := store.find(name):
        try:
            return load(found)
        except (ToolError, OSError):  # of another system, or not ours: made again
            store.remove(name)

    def fill(library: Path) -> dict[str, str]:
        by.compile(text, library, more_flags)
        library.with_name(cache.SOURCE).write_text(text, encoding="utf-8")
        return {"compiler": by.version, "flags": " ".join(by.flags), "processor": cpu.digest()}

    return load(store.store(name, SUFFIX, fill))
