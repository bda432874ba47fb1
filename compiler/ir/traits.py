"""Traits of operations: the facts that passes and analyses read in place of names."""

from __future__ import annotations

from enum import Enum, Flag, auto


class Trait(Flag):
    """Facts about an operation. An operation has any number of them."""

    NONE = 0
    POINTWISE = auto()  # each component and each entry of the domain by itself
    LOCAL = auto()  # each entry of the domain by itself: pointwise operations, features, families
    LINEAR = auto()  # in all arguments together
    MULTILINEAR = auto()  # in each argument while the others are held
    COMMUTES = auto()  # f(x, y) = f(y, x)
    CHAINS = auto()  # long chains are flattened and put in one order
    KEEPS_ZERO = auto()  # f(0) = 0
    ODD = auto()  # f(−x) = −f(x)
    EVEN = auto()  # f(−x) = f(x)
    DIVERGES = auto()  # infinite or no number at some finite argument
    MOVE = auto()  # carries values from one domain to another, component by component
    SUM = auto()  # adds over entries of a list or table, component by component
    REARRANGES = auto()  # chooses, lays out or renames components
    FAMILY = auto()  # a row of functions of single values
    LOOKUP = auto()  # reads rows of a table by species
    BY_SPECIES = auto()  # its first feature axis is the species of neighbours
    POSITION = auto()  # a leaf through which positions enter
    FREE = auto()  # costs no arithmetic
    CALL = auto()  # an elementary function, as dear as some ten multiplications


class Role(Enum):
    """The treatment of an operation in the normal form of `diff`."""

    FUNCTION = "left as it is"
    ODD = "the sign of the argument comes out"
    EVEN = "the sign of the argument is dropped"
    MOVE = "carried down to the leaves"
    REDUCE = "taken product by product"
    REARRANGE = "taken part by part"
    OWN = "a rule of its own"
