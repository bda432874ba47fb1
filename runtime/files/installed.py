"""Versions of installed packages."""

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str | None:
    """None where it is not installed; so is potentia itself in a source tree alone."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
