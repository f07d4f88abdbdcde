"""The hub over HTTP: connectors' doors, the desk as JSON, a small console, health and metrics."""
