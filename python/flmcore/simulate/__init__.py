"""Faces that are drawn, and whose landmarks are therefore known: a data set without photographs and without annotators."""
