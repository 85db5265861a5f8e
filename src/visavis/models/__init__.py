"""Model files: what there is (cards), where the bytes are, and how a network is opened."""
