"""The embedded store: SQLite and FAISS in one directory."""
