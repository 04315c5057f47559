"""Programs run as plain Python on floats."""
