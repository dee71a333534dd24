"""Answers: evidence, composition, citation verification and abstention."""
