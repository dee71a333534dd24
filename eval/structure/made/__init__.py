"""Made documents, each with one row or item that must be found with what it needs."""
