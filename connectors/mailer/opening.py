"""Makes a mailer out of its settings."""

from connectors.mailer.client import SmtpClient
from connectors.mailer.notifier import Mailer
from connectors.mailer.settings import MailerSettings
from core.connector import OpenConnector, Resources


def open_mailer(name: str, settings: MailerSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its port filled."""
    client = SmtpClient(settings, resources.clock)
    return OpenConnector(name=name, effects=(Mailer(settings, client),), test=client.greet)
