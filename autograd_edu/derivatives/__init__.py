"""Derivatives of functions: forward mode, transforms, finite differences, the gradient check."""
