"""Runs: the folder, its records, and asking the questions."""
