"""XML business documents of public standards: which they are, and what each must have."""
