"""Units and elements. Imports nothing of ours."""
