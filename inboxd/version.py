"""The one place that holds the version."""

__version__ = "0.1.0"
CHATWOOT = "4.15.1"
"""The Chatwoot whose API this one speaks."""
