"""Lifted programs run by NumPy."""
