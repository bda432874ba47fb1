"""Two potentials compared by numbers and physics. Imports runs, properties and the editor."""
