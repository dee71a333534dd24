"""What people do with an archive: conversations, feedback, keys, upload jobs."""
