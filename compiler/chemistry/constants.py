"""Physical constants, each once. Energies are in eV, lengths in Å, masses in u.

All are of CODATA 2018, except GPA, which is of 2014: ASE has that one, and labels, fits and dynamics agree
with ASE to the last bit. The vintages differ by 8e-9 of it.
"""

from __future__ import annotations

from math import pi, sqrt

BOHR = 0.529177210903  # Å
RYDBERG = 13.605693122994  # eV
HARTREE = 27.211386245988  # eV
KCAL_MOL = 0.0433641153087705  # eV; the thermochemical calorie
KJ_MOL = 0.0103642696562621  # eV
EV_IN_JOULE = 1.602176634e-19
U_IN_KG = 1.66053906660e-27

GPA = 160.21766208  # GPa in 1 eV/Å³, CODATA 2014
J_PER_M2 = 16.02176634  # J/m² in 1 eV/Å²
THZ_PER_MEV = 0.2417989242  # 1 meV/h
THZ_PER_CM = 0.0299792458  # c times 1/cm
THZ = sqrt(EV_IN_JOULE / (1e-20 * U_IN_KG)) / (2 * pi) * 1e-12  # sqrt(eV/(Å² u))/2π in THz
