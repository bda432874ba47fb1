"""Options that benchmarks of several parts have."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence


def settled(parser: ArgumentParser, parts: Sequence[str], rounds: tuple[int, int]) -> Namespace:
    """The options, with `--only`, `--quick` and `--rounds`. rounds: as they are, and with `--quick`."""
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(parts))
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--rounds", type=int, help=f"{rounds[0]}, or {rounds[1]} with --quick")
    options = parser.parse_args()
    unknown = set(options.only) - set(parts)
    if unknown:
        parser.error(f"--only knows {', '.join(parts)}, not {', '.join(sorted(unknown))}")
    options.rounds = options.rounds or rounds[options.quick]
    return options
