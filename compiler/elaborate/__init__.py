"""Syntax trees to the IR: terms are called, names and numbers get kinds. Imports declarations, the IR and
what comes before them."""
