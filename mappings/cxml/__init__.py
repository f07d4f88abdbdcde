"""cXML documents of drop-ship suppliers, and what their mapping documents need of Python."""
