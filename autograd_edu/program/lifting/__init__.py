"""A program as array operations."""
