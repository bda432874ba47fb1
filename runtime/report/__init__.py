"""A run as one page: its formula, errors, pictures, properties, proofs and history."""
