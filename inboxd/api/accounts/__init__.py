"""The application API, one module for each resource."""
