"""Face embedders: a face in, a unit vector out."""
