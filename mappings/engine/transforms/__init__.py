"""The closed set of named, typed transforms."""
