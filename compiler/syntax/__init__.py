"""Text to a syntax tree and back to text; the only room with lark. Imports the grammar, diagnostics and
chemistry."""
