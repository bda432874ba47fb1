"""The command line, one command in each file. Imports everything; nothing imports it."""
