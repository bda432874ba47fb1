"""Certificates of a model with its parameters, proved on the IR.

Intervals with outward rounding enclose all values; nothing is concluded from samples.
"""
