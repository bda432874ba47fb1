"""Names for plain data: numbers, words, lists and tables by name, as JSON and TOML hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Data: TypeAlias = dict[str, Any]
ReadData: TypeAlias = Mapping[str, Any]
