"""Transports, the outbox and the feed of files."""
