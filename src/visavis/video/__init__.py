"""Faces in motion: streams read, people followed, sightings kept (extra `video`)."""
