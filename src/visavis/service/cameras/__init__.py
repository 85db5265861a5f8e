"""Cameras that the service watches."""
