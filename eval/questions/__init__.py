"""Questions with gold, and the documents that they are about."""
