"""The live pipeline on scripted streams: who is named, how soon, and what misleads it."""
