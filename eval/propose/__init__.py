"""Questions proposed from an archive or from feedback, for a person to accept."""
