"""What is accepted of an interchange, and the acknowledgement that says so: one verdict for both."""
