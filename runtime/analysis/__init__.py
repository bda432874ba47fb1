"""What a trajectory says: structure, smallest distances, diffusion, cell; read once, a frame at a time."""
