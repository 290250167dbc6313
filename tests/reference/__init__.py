"""The kernels in plain NumPy and scalar loops, float64: they define the meaning."""
