"""Transports' settings that would fail later fail at the start, and no secret is in what they say."""

from typing import Any

import asyncssh
import pytest
from pydantic import TypeAdapter, ValidationError

from core.clock import SystemClock
from core.transport.folder import FolderTransport
from core.transport.opening import open_transport
from core.transport.settings import FolderSettings, SftpSettings, TransportSettings
from core.transport.sftp import SftpTransport

SETTINGS: TypeAdapter[FolderSettings | SftpSettings] = TypeAdapter(TransportSettings)
FINGERPRINT = "SHA256:uNiVztksCsDhcc0u9e8BrvJRX6oMXyPGLs0JKgfz6K0"


def sftp(**changes: Any) -> dict[str, Any]:
    settings = {
        "type": "sftp", "host": "sftp.example.com", "username": "hub", "password": "correct horse",
        "host_key": FINGERPRINT,
    }  # fmt: skip
    return {key: value for key, value in {**settings, **changes}.items() if value is not None}


def test_the_type_chooses_the_transport() -> None:
    clock = SystemClock()
    folder = open_transport(SETTINGS.validate_python({"type": "folder", "path": "exchange"}), clock)
    assert isinstance(folder, FolderTransport)
    assert isinstance(open_transport(SETTINGS.validate_python(sftp()), clock), SftpTransport)


def test_one_host_key_needs_no_list() -> None:
    found = SETTINGS.validate_python(sftp())
    assert isinstance(found, SftpSettings)
    assert found.host_key == (FINGERPRINT,)


def test_a_host_key_may_be_a_line_of_known_hosts() -> None:
    line = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    found = SETTINGS.validate_python(sftp(host_key=[line, FINGERPRINT]))
    assert isinstance(found, SftpSettings)
    assert len(found.host_key) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host_key": None}, "host_key"),
        ({"host_key": []}, "ssh-keyscan"),
        ({"host_key": "SHA256:short"}, "neither a fingerprint"),
        ({"host_key": "ssh-ed25519 AAAA"}, "neither a fingerprint"),
        ({"host_key": "ssh-ed25519 ssh-rsa"}, "neither a fingerprint"),
        ({"host_key": "MD5:aa:bb"}, "neither a fingerprint"),
        ({"host_key": ""}, "neither a fingerprint"),
        ({"password": None}, "private_key_file"),
        ({"private_key": "x", "private_key_file": "y"}, "not both"),
        ({"port": 0}, "port"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": 3600}, "timeout_s"),
        ({"temporary_suffix": "/etc"}, "temporary_suffix"),
        ({"verify": False}, "verify"),
        ({"type": "ftp"}, "sftp"),
    ],
)  # fmt: skip
def test_wrong_settings_say_what_to_write(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SETTINGS.validate_python(sftp(**changes))
    assert says in str(refused.value)


def test_secrets_do_not_show() -> None:
    shown = repr(SETTINGS.validate_python(sftp(private_key="-----BEGIN", passphrase="open sesame")))
    assert "correct horse" not in shown
    assert "BEGIN" not in shown
    assert "sesame" not in shown
