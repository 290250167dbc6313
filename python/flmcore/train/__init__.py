"""Training of landmark networks: on drawn faces, and on real ones in the formats of the readers (extra ``train``).

:func:`flmcore.train.run.run_training` runs what :func:`flmcore.train.config.read_train_config` reads.
"""
