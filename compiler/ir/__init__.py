"""The intermediate representation: kinds, operations, nodes, models; how they are built, rewritten, verified,
printed and read. Imports diagnostics and chemistry.
"""

from . import ops as ops
