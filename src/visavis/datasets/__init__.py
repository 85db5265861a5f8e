"""Sets of labelled pictures: readers for the layouts they come in, and ways to vary them."""
