"""What has to be tidied up while the server runs."""
