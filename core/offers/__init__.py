"""Channels are told how much there is to sell: what has changed is gathered, and told once, the newest figure last."""
