"""Constraint back-translation (CRAB, arXiv 2410.24175) as a declarative, reproducible experiment."""
