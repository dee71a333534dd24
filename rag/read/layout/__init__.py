"""The structure of plain text, told by how it is laid out and not by its words."""
