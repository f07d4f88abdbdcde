"""`orderhub demo`: a whole hub among simulated partners that misbehave, and a verdict by the partners' own books."""
