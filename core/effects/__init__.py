"""Effects at partners: claimed under a lease, sent once, looked up before any repeat."""
