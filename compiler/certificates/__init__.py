"""Certificates of a model with its parameters: repulsion, continuity, finiteness and invariance, proved on the IR.

Intervals with outward rounding enclose all values; nothing is concluded from samples.
"""
