"""The mappings: syntaxes, transforms, the engine, and every partner's documents."""
