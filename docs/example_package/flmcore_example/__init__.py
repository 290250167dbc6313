"""A detector for flmcore."""
