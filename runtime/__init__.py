"""Data, fits, judgements and simulations with compiled models. Imports the compiler."""
