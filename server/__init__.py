"""Ways in for people and programs: the command line (and, later, HTTP)."""
