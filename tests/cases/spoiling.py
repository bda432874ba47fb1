"""Content that is not what was written: bytes, JSON, arrays and TOML with something odd in them."""

from __future__ import annotations

import io
import json
import os
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
from potentia.runtime.files.npz import npz_bytes, read_npz

BYTES = (*(bytes([each]) for each in b'\0\xff[]{}"\\9-\n=.e'), b"\xc3\x85")


def odd_value(source: random.Random) -> Any:
    """A value that hardly any field takes."""
    return source.choice(
        (
            *(None, True, False, -1, 0, 1, 3, 2.5, 1e308, -1e-300, float("nan"), float("inf")),
            *(10**30, 2**63, 2**31),
            *("", "x", "x" * 5000, "\0", "../..", "/dev/zero", "é\u202e", "1", "NaN", " "),
            *([], {}, [None], {"": {}}, [[[]]], [1.5] * 50, {"a": [1, "b"]}),
        )
    )  # fmt: skip


def spoiled_bytes(content: bytes, source: random.Random) -> bytes:
    """Bytes flipped, put in, cut out, repeated; the end missing."""
    spoiled = bytearray(content)
    for _ in range(source.randint(1, 4)):
        at, change = source.randrange(len(spoiled) + 1), source.random()
        if change < 0.35 and at < len(spoiled):
            spoiled[at] ^= 1 << source.randrange(8)
        elif change < 0.6:
            spoiled[at:at] = source.choice(BYTES) * source.choice((1, 1, 1, 4, 20_000))
        elif change < 0.8:
            del spoiled[at : at + source.randint(1, 40)]
        elif change < 0.9:
            del spoiled[at:]
        else:
            spoiled[at:at] = spoiled[: source.randint(0, 400)]
    return bytes(spoiled)


def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container with a key of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.append((value, key))
        _places(item, found)
    return found


def spoiled_json(content: bytes, source: random.Random) -> bytes:
    """Values exchanged for odd ones, taken out, put in."""
    value = json.loads(content)
    for _ in range(source.randint(1, 2)):
        places = _places(value, [])
        if not places or source.random() < 0.03:
            value = odd_value(source)
            continue
        inside, key = source.choice(places)
        change = source.random()
        if change < 0.6:
            inside[key] = odd_value(source)
        elif change < 0.8:
            del inside[key]
        elif isinstance(inside, dict):
            inside[source.choice(("extra", "", "format", "name"))] = odd_value(source)
        else:
            inside.insert(key, odd_value(source))
    return json.dumps(value).encode()


def _spoiled_array(array: np.ndarray, source: random.Random) -> np.ndarray:
    change = source.randrange(7)
    if change == 0:
        return array[..., None]
    if change == 1:
        return array.ravel()[: source.randint(0, max(array.size, 1))]
    if change == 2:
        return np.concatenate([array.ravel(), array.ravel()])
    if change == 3 and array.dtype.kind == "f":
        return np.where(
            np.arange(array.size).reshape(array.shape) == 0, source.choice((np.nan, np.inf, 1e300)), array
        )
    if change == 4 and array.dtype.kind in "fiu":
        return array.astype(source.choice((np.int8, np.float32, np.complex128, bool)))
    if change == 5 and array.dtype.kind in "iu":
        return np.full_like(array, source.choice((-1, 2**31 - 1, 100)))
    return np.asarray(
        source.choice(("x", b"x", 1, 1.5, True, [], [1, 2], np.datetime64("nat"), np.zeros((2, 0))))
    )


def spoiled_npz(content: bytes, source: random.Random, folder: Path) -> bytes:
    """Arrays of another shape, type, name or value; none; compressed."""
    path = folder / ".spoiling.npz"
    path.write_bytes(content)
    arrays: dict[str, Any] = dict(read_npz(path))
    path.unlink()
    name = source.choice(sorted(arrays))
    change = source.random()
    if change < 0.7:
        arrays[name] = _spoiled_array(arrays[name], source)
    elif change < 0.8:
        del arrays[name]
    elif change < 0.9:
        arrays[source.choice(("", "x", "state/none", name + "/none", "../x"))] = arrays.pop(name)
    else:
        packed = io.BytesIO()
        np.savez_compressed(packed, zeros=np.zeros(10**6))
        return packed.getvalue()
    return npz_bytes(arrays)


NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
ODD_TOML = (
    *("1e999", "nan", "-inf", "9" * 25, "9" * 5000, "-1", "0", "0x" + "f" * 40, "1979-05-27", "''", "true"),
    *("[" * 3000, "{a = {b = 1}}", "[[], [1]]", '"""', "'''\n\n", "x" * 3000, "a.b.c.d = 1", "[[a.b]]"),
    *("1_0", "'../..'", '"\\u0000"'),
    *("[1, 'x']", ".".join("a" * 300), '"\\uD800"', "\r", "\ufeff", "# \x07"),
)  # fmt: skip


def spoiled_toml(text: str, source: random.Random) -> str:
    """Values, keys and heads exchanged, doubled and taken out."""
    for _ in range(source.randint(1, 3)):
        lines = text.split("\n")
        at, change = source.randrange(len(lines)), source.random()
        if change < 0.4:
            text = _with_number(text, source)
            continue
        if change < 0.6 and "=" in lines[at]:
            lines[at] = lines[at].partition("=")[0] + "= " + source.choice(ODD_TOML)
        elif change < 0.7:
            lines.insert(at, source.choice(ODD_TOML))
        elif change < 0.8:
            lines.insert(at, source.choice(lines))
        elif change < 0.9:
            lines[at] = source.choice(("", "[data]", "[", "[md]", "[[catalogue]]", "x = 1", 'y = "a"'))
        else:
            del lines[at]
        text = "\n".join(lines)
    return text


def _with_number(text: str, source: random.Random) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    match = source.choice(found)
    return text[: match.start()] + source.choice(ODD_TOML) + text[match.end() :]


def exchanged_for_no_file(path: Path, source: random.Random) -> str:
    """Something else under the name of a file; what."""
    path.unlink()
    kind = source.choice(("nothing", "a folder", "a pipe", "a device", "a link to itself", "nothing in it"))
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a link to itself":
        path.symlink_to(path.name)
    elif kind == "nothing in it":
        path.write_bytes(b"")
    return kind
