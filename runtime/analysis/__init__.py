"""A trajectory as numbers: radial distribution, smallest distances, diffusion, cell; read once, a frame at a
time. Imports data and what comes before it."""
