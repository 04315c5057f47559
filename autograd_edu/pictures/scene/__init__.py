"""A graph as boxes and wires, before anything has a place."""
