"""Formulas, names and tables as text, LaTeX, Python or JavaScript."""
