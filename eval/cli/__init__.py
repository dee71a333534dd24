"""The commands of ``footnote eval`` and what they print."""
