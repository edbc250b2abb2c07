"""What deliveries are asked for by."""

STATES = ("pending", "sending", "delivered", "exhausted", "cancelled")
SOUGHT = (*STATES, "failing")
"""`failing`: pending after an attempt that failed."""
PAGE_LIMIT = 200
