"""Files that are written whole, settings from TOML, specs from git. Imports the compiler."""
