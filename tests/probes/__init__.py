"""One module per kernel: ``probe()`` yields arrays that must have the same bytes on every instruction set and at
every thread count. tests/test_isa.py runs them all in fresh processes."""
