"""What mapping documents for X12 partners share: code tables, stock reports, transforms."""
