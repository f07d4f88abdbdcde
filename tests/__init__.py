"""The tests: one folder for each package, the contracts of ports, and whole journeys."""
