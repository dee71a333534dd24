"""Prompt templates by name and version, rendered strictly."""
