"""Evaluation of detectors: the window sweep, its measurement, speed, statistics, and the run that ties them."""
