"""Translation between partners' documents and the canonical model."""
