"""The page in a real browser, served by the real server over a small archive."""
