"""`orderhub new connector`: the files of a connector, to be filled in."""

from hub.scaffold.writing import ScaffoldError, write_connector

__all__ = ["ScaffoldError", "write_connector"]
