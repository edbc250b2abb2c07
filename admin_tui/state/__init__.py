"""What the dashboard knows and decides: plain Python, no widgets, no network."""
