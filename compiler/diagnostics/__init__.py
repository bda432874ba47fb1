"""Text with places in it, faults as values, and how they are shown. Imports nothing of ours."""
