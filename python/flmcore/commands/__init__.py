"""The commands of ``flmcore``, one module each: ``add(parser)`` declares, ``run(options)`` does and returns the exit
code."""
