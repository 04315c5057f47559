"""A function, or a finished graph, as a program."""
