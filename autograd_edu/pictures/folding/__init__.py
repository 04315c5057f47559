"""Which values become one box."""
