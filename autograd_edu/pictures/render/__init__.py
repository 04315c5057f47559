"""Where boxes and wires go, and how they are drawn."""
