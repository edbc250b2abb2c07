"""Talking to the server, on threads of its own; knows nothing of widgets."""
