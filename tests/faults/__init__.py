"""Faults that are planted on purpose, to see whether the tests notice; see `table`, `planting` and `mutants`."""
