"""Kernels in processes of our own: no network, an own user id, limits, and no orphans (``ports.kernels.Sandbox``)."""
