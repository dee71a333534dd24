"""From an outcome to figures: judging, metrics, means and intervals."""
