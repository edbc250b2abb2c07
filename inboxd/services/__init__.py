"""Use cases; the first argument is the open transaction and none of them commits."""
