"""The lifecycle rules: what happens to an order when something happened to it."""
