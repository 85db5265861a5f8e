"""What goes over the wire: one module a noun, with how it is made from the library's values."""
