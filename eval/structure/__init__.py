"""Whether text is parted as its readers would part it: statements against gold."""
