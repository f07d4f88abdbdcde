"""The command line: `orderhub`. Modules are small, one per noun; a command imports what it needs when it runs."""

from hub.cli.app import app, main

__all__ = ["app", "main"]
