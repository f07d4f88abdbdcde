"""The language of the hub: orders, money, payment, stock, events and commands. Pure values, no I/O."""
