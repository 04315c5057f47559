"""Programs run by machine code that Numba compiles."""
