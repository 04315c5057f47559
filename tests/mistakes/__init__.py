"""Mistakes that users make, written down before anyone looked at the messages they get.

Each table is one part of the package. `python -m tests.mistakes` shows what the user sees.
"""
