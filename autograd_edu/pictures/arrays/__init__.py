"""A program with its arrays as nodes."""
