"""The kernels again, in plain loops over float64: they define the meaning, the core must match them."""
