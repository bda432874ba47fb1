"""The XLA target: a model becomes a function that jax compiles for CPU or GPU; the only room of the
compiler with jax."""
