"""The bus: one contract (`port`), two transports (`embedded`, `rabbit`)."""
