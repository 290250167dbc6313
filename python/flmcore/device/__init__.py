"""Figures from devices: what a phone or a Mac measured of an exported detector, read from files and joined to results."""
