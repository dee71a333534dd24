"""From files to the store: split, ingest, uploads, reindex."""
