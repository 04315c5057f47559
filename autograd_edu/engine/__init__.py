"""The rule table, the value that remembers, and the backward pass."""
