"""Readers: the bytes of one media type become a Document."""
