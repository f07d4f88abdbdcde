"""One folder per external system: its connector, its mappings' names, and its simulator."""
