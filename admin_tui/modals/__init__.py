"""Small screens above a screen, at most one at a time, and a question above that."""
