"""What runs once across all workers: timers, the outbox's sweeper, feeds, clean-up. Leases in the store decide who."""
