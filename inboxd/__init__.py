"""inboxd: the API channel of a support desk in one process and one file."""
