"""One file a tab; each has a function that draws it."""
