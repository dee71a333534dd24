"""A model that reads: which statement answers, in which words, and that nothing here does."""
