"""The commands, by subject: each module declares its parsers beside the functions that run them."""
