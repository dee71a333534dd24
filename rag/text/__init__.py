"""Primitives of language: words, sentences, numbers, dates, names, normalisation, tokens."""
