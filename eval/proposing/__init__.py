"""Templates that turn sentences of an archive into questions."""
