"""Thin public functions over the C++ core, one module per topic."""
