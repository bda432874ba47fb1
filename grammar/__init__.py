"""The grammar of the language and the table of its usual mistakes. Imports nothing."""
