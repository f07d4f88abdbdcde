"""Hands a message to the mail server, and says what its answer means for the next step.

No error repeats what the server said but for its codes, and none of its refusals is kept as a cause: servers like
to name addresses.
"""

import asyncio
import re
import ssl
from contextlib import suppress
from enum import StrEnum

import aiosmtplib

from connectors.mailer.settings import MailerSettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError

_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_PERMANENT = 500
_NOT_LOGGED_IN = frozenset({530, 534, 535, 538})


class Stage(StrEnum):
    """How far a delivery has come."""

    CONNECTING = "the connection"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    MESSAGE = "the message"
    """From here on the server may have the message, whatever happens to its answer."""


class SmtpClient:
    """One mail server. Every delivery has a connection of its own."""

    def __init__(self, settings: MailerSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._where = f"{settings.host}:{settings.port}"
        self._tls = _tls(settings)

    async def deliver(self, sender: str, recipient: str, message: bytes, *, smtputf8: bool) -> str:
        """Return the server's answer code and enhanced code for the accepted message."""
        smtp, options = self._smtp(), ["SMTPUTF8", "BODY=8BITMIME"] if smtputf8 else []
        encoding = "utf-8" if smtputf8 else "ascii"
        stage = Stage.CONNECTING
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.deadline_s)):
                await self._connect(smtp)
                if smtputf8:
                    await self._must_speak_utf8(smtp)
                stage = Stage.SENDER
                await smtp.mail(sender, options=options, encoding=encoding)
                stage = Stage.RECIPIENT
                await smtp.rcpt(recipient, encoding=encoding)
                stage = Stage.MESSAGE
                answer = await smtp.data(message)
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused(stage, error.code, error.message) from None
        except (OSError, TimeoutError, aiosmtplib.SMTPException) as error:
            raise self._broken(stage, error) from error
        else:
            await self._leave(smtp)
            return _codes(answer.code, answer.message)
        finally:
            smtp.close()

    async def greet(self) -> str:
        """Connect, log in and leave: what `connectors test` does."""
        smtp = self._smtp()
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.deadline_s)):
                await self._connect(smtp)
        except aiosmtplib.SMTPResponseException as error:
            raise self._refused(Stage.CONNECTING, error.code, error.message) from None
        except (OSError, TimeoutError, aiosmtplib.SMTPException) as error:
            raise self._broken(Stage.CONNECTING, error) from error
        else:
            await self._leave(smtp)
            who = f" as {self._settings.username}" if self._settings.username else ""
            return f"{self._where} lets us in{who}"
        finally:
            smtp.close()

    def _smtp(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            # Without a name of its own it looks this machine up, which may take long.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=None,
        )

    async def _connect(self, smtp: aiosmtplib.SMTP) -> None:
        await smtp.connect()
        if self._settings.username is not None and self._settings.password is not None:
            await smtp.login(self._settings.username, self._settings.password.get_secret_value())

    async def _must_speak_utf8(self, smtp: aiosmtplib.SMTP) -> None:
        await smtp.ehlo()
        if not smtp.supports_extension("smtputf8"):
            message = (
                f"{self._where} does not speak SMTPUTF8, and the address needs it: set `smtputf8: false`"
            )
            raise RejectedError(message, code="bad_address")

    async def _leave(self, smtp: aiosmtplib.SMTP) -> None:
        """Say goodbye; the message is delivered, however the server takes it."""
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            async with asyncio.timeout(self._clock.real_seconds(1)):
                await smtp.quit()

    def _refused(self, stage: Stage, code: int, said: str) -> PartnerError:
        """Translate an answer of the server: it is certain that it did not take the message."""
        what = f"{self._where} refused {stage.value}: {_codes(code, said)}"
        if code < _PERMANENT:
            return RetryableError(what)
        if code in _NOT_LOGGED_IN or stage is Stage.CONNECTING:
            return UnauthorisedError(f"{what}: check username, password and security")
        if stage is Stage.SENDER:
            return UnauthorisedError(f"{what}: check whether the account may send as `sender`")
        return RejectedError(what, code=_codes(code, said))

    def _broken(self, stage: Stage, error: Exception) -> PartnerError:
        """Translate a connection that failed, or a server that can't do what is asked."""
        kind = type(error).__name__
        if stage is Stage.MESSAGE:
            return OutcomeUnknownError(f"{self._where} had the message and its answer was lost: {kind}")
        if _is_distrust(error):
            return UnauthorisedError(
                f"the certificate of {self._where} is not trusted: check host and ca_file"
            )
        if type(error) is aiosmtplib.SMTPException or isinstance(error, aiosmtplib.SMTPNotSupported):
            return UnauthorisedError(f"{self._where} does not offer what is set (STARTTLS, login): {error}")
        return RetryableError(f"{self._where} could not be reached, or broke off early: {kind}")


def _tls(settings: MailerSettings) -> ssl.SSLContext | None:
    if settings.security == "none":
        return None
    return ssl.create_default_context(cafile=settings.ca_file)


def _is_distrust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _codes(code: int, said: str) -> str:
    """Return the codes of an answer, as in `550 5.1.1`; its text may name an address."""
    enhanced = _ENHANCED.search(said)
    return f"{code} {enhanced[0]}" if enhanced else str(code)
