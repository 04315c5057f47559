"""What rules are written in: real numbers, namespaces of functions, expressions."""
