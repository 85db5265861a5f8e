"""Liveness checks: whether a face is a live person before the camera."""
