"""Specs, data and configurations that are shipped, as package data. Imports nothing."""
