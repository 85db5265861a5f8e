"""Pages: what was measured, turned into reports that people read."""
