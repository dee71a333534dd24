"""What every HTTP request goes through: the guard, limits, errors, the pool of workers."""
