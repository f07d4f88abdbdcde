"""A mail server, played by us: it takes logins and mails, keeps them, and can be as difficult as real ones."""

from connectors.mailer.simulator.server import MailServer, hashed

__all__ = ["MailServer", "hashed"]
