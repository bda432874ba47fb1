"""The user's cache folder: where it is, and how much it may hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from potentia.compiler.backends.user_folder import limit, user_folder
from potentia.compiler.diagnostics.diagnostic import DataError


@pytest.mark.parametrize(
    ("own", "xdg", "platform", "expected"),
    [
        ("/a/b", "/x", "linux", "/a/b"),
        ("", "/x", "linux", "/x/potentia"),
        ("", "relative", "linux", "/home/me/.cache/potentia"),
        ("", "", "linux", "/home/me/.cache/potentia"),
        ("", "", "darwin", "/home/me/Library/Caches/potentia"),
    ],
)
def test_the_folder(
    own: str, xdg: str, platform: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POTENTIA_CACHE", own)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr(sys, "platform", platform)
    assert user_folder() == Path(expected)


@pytest.mark.parametrize(
    ("given", "size"),
    [("", 7), ("0", 0), ("1000", 1000), ("20 B", 20), ("1.5GB", 3 << 29), ("200 mb", 200 << 20)],
)
def test_the_limit(given: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTENTIA_CACHE_LIMIT", given)
    assert limit(7) == size


@pytest.mark.parametrize("given", ["much", "-1", "1e9", "inf", "1 TB 2", "٣ GB²"])
def test_what_is_no_size(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTENTIA_CACHE_LIMIT", given)
    with pytest.raises(DataError) as caught:
        limit(7)
    (found,) = caught.value.diagnostics
    assert (found.code, found.place) == ("bad-value", "POTENTIA_CACHE_LIMIT")
    assert found.message == f"`{given}` is not a size"
