"""Stores: documents, passages, vectors and the lexical index behind one protocol."""
