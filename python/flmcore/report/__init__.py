"""How results are shown: the table and the figures."""
