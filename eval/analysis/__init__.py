"""What finished runs tell: comparison, gate, threshold and weights."""
