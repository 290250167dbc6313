"""Landmark detectors: config files, backends, networks, the zoo."""
