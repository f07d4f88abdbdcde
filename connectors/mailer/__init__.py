"""`mailer`: tells buyers by e-mail what becomes of their orders, over SMTP and in their language."""

from connectors.mailer.opening import open_mailer
from connectors.mailer.settings import MailerSettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.mailer.simulator import MailServer  # noqa: PLC0415 - a hub in production never loads it

    return MailServer(workshop)


CONNECTOR = Connector(
    name="mailer",
    summary="E-mails to buyers over SMTP, by template and language",
    settings=MailerSettings,
    open=open_mailer,
    simulator=_simulator,
    ports=("Notifier",),
    limits=Limits(concurrency=4, ladder_s=(60, 300, 900, 3600, 14_400)),
)
