"""The EasyPost connector and its simulator."""
