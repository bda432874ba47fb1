"""The target `cpp`: a model as one self-contained C++17 file, compiled by the system's compiler. Imports
`ir`, `analysis`, `passes`, `schedule`, the reference's rules and NumPy.
"""
