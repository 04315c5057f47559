"""Units and weights of a network."""
