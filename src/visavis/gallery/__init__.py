"""The gallery: encrypted templates, their keys, and the index that searches them."""
