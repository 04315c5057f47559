"""Programs as text, and as functions of other frameworks."""
