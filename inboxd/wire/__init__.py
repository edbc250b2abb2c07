"""Rows to Chatwoot JSON, as pure functions."""
