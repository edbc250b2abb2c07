"""HTTP out: webhooks."""
