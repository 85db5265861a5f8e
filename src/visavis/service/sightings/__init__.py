"""Where sightings go: to whoever follows them, to webhooks, and away when they are old."""
