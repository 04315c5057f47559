"""Derivatives of functions: forward mode, transforms, numeric differences and the gradient check."""
