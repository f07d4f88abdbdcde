"""Which class carries which settings."""

from core.clock import Clock
from core.transport.folder import FolderTransport
from core.transport.port import Transport
from core.transport.settings import FolderSettings, SftpSettings
from core.transport.sftp import SftpTransport


def open_transport(settings: FolderSettings | SftpSettings, clock: Clock) -> Transport:
    """Return the transport that the settings choose. It connects when it is first used."""
    match settings:
        case FolderSettings():
            return FolderTransport(settings, clock)
        case SftpSettings():
            return SftpTransport(settings, clock)
