"""How formulas, names and tables are written."""
