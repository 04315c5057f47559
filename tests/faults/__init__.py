"""Faults planted on purpose, to see whether the tests notice: `table`, `planting` and `mutants`."""
