"""Words that have a meaning of their own in a spec, in one place, so that messages can suggest them."""

from __future__ import annotations

# atoms in hand: i the centre, j and k its neighbours
INDICES = ("i", "j", "k")

# what a term body defines to give energy
ENERGIES = ("pair", "triple", "site")

KEYWORDS = ("import", "species", "let", "term", "param", "fixed", "pin", "sum", "in", "per")

# chooses components of a parameter
KEEP = "keep"

RESERVED = frozenset(KEYWORDS) | frozenset(INDICES) | {KEEP}
