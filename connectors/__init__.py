"""One folder for each system outside the hub."""
