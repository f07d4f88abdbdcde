"""XML business documents."""
