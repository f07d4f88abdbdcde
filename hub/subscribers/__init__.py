"""Outside systems that subscribe to events by webhook."""
