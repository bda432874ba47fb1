"""Repulsion: the energy of every isolated pair of atoms falls with their distance, from 0.1 Å to a stated one."""
