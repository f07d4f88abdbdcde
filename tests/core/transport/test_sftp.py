"""The SFTP transport keeps the contract, and trusts nobody whose key it was not told."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest
from pydantic import SecretStr

from core.clock import SystemClock
from core.errors import OutcomeUnknownError, RetryableError, UnauthorisedError
from core.transport.settings import SftpSettings
from core.transport.sftp import SftpTransport
from tests.contracts.transport import Stage, TransportContract
from tests.core.transport.sftp_server import PASSWORD, USERNAME, Partner, key


@pytest.fixture
async def partner(tmp_path: Path) -> AsyncIterator[Partner]:
    for name in ("in", "out"):
        (tmp_path / "place" / name).mkdir(parents=True)
    partner = Partner(tmp_path / "place")
    await partner.come_back()
    yield partner
    await partner.go()


@pytest.fixture
async def connect(partner: Partner) -> AsyncIterator[Callable[..., SftpTransport]]:
    opened: list[SftpTransport] = []

    def connect(**changes: object) -> SftpTransport:
        settings = {
            "host": "127.0.0.1", "port": partner.port, "username": USERNAME, "password": SecretStr(PASSWORD),
            "host_key": (partner.host_key.get_fingerprint(),), "timeout_s": 5, **changes,
        }  # fmt: skip
        opened.append(SftpTransport(SftpSettings.model_validate(settings), SystemClock()))
        return opened[-1]

    yield connect
    for transport in opened:
        await transport.close()


class TestSftpTransport(TransportContract):
    @pytest.fixture
    def stage(self, partner: Partner, connect: Callable[..., SftpTransport]) -> Stage:
        def troubled(trouble: str, **changes: object) -> Callable[[], SftpTransport]:
            def make() -> SftpTransport:
                partner.trouble.add(trouble)
                return connect(**changes)

            return make

        return Stage(
            connect(),
            partner.root,
            partner,
            forbidden=troubled("forbidden"),
            full=troubled("full"),
            lost_before=troubled("cut before renaming"),
            lost_after=troubled("cut after renaming"),
        )


Connect = Callable[..., SftpTransport]


async def test_a_wrong_password_is_no_matter_of_patience(connect: Connect) -> None:
    with pytest.raises(UnauthorisedError) as refused:
        await connect(password=SecretStr("a wrong one")).list("in")
    assert "a wrong one" not in str(refused.value)


async def test_a_server_with_another_key_is_not_told_the_password(connect: Connect, partner: Partner) -> None:
    with pytest.raises(UnauthorisedError, match="SHA256:") as refused:
        await connect(host_key=(key().get_fingerprint(),)).list("in")
    assert partner.host_key.get_fingerprint() in str(refused.value)
    assert partner.logins == 0


async def test_a_host_key_is_pinned_by_its_text_too(connect: Connect, partner: Partner) -> None:
    line = partner.host_key.export_public_key().decode()
    assert await connect(host_key=(key().get_fingerprint(), line)).list("in") == ()


async def test_a_private_key_opens_too(connect: Connect, partner: Partner, tmp_path: Path) -> None:
    text = partner.client_key.export_private_key().decode()
    (tmp_path / "key").write_text(text)
    assert await connect(password=None, private_key=SecretStr(text)).list("in") == ()
    assert await connect(password=None, private_key_file=tmp_path / "key").list("in") == ()


async def test_a_private_key_may_have_a_passphrase(connect: Connect, partner: Partner) -> None:
    text = SecretStr(partner.client_key.export_private_key("pkcs8-pem", "open sesame").decode())
    assert (
        await connect(password=None, private_key=text, passphrase=SecretStr("open sesame")).list("in") == ()
    )
    with pytest.raises(UnauthorisedError, match="passphrase"):
        await connect(password=None, private_key=text).list("in")


@pytest.mark.parametrize("text", ["", "no key at all", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
async def test_a_key_that_is_none_is_not_repeated_in_the_error(connect: Connect, text: str) -> None:
    with pytest.raises(UnauthorisedError, match="private key can't be read") as refused:
        await connect(private_key=SecretStr(text)).list("in")
    assert "AAAA" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_key_file_that_is_not_there_is_named(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(UnauthorisedError, match="private_key_file"):
        await connect(private_key_file=tmp_path / "none").list("in")


async def test_one_connection_serves_all(connect: Connect, partner: Partner) -> None:
    transport = connect()
    for n in range(5):
        await transport.put(f"out/{n}", b"x")
        await transport.list("out")
    assert partner.logins == 1


async def test_a_connection_that_died_idle_is_opened_again_unnoticed(
    connect: Connect, partner: Partner
) -> None:
    transport = connect()
    await transport.list("in")
    partner.cut()
    assert await transport.list("in") == ()
    assert partner.logins == 2


@pytest.mark.parametrize("trouble", ["cut upload", "cut download"])
async def test_a_connection_cut_amid_a_file_is_tried_again(
    connect: Connect, partner: Partner, trouble: str
) -> None:
    (partner.root / "in" / "one").write_bytes(b"body")
    partner.trouble.update({trouble, f"{trouble} again"})
    transport = connect()
    with pytest.raises(RetryableError):
        await (transport.put("out/one", b"x") if trouble == "cut upload" else transport.read("in/one", 100))
    assert not (partner.root / "out" / "one").exists()
    assert await transport.read("in/one", 100) == b"body"
    await transport.put("out/one", b"x")


async def test_a_server_that_hangs_at_the_renaming_leaves_the_outcome_open(
    connect: Connect, partner: Partner
) -> None:
    partner.trouble.add("hang at renaming")
    transport = connect(timeout_s=0.3)
    with pytest.raises(OutcomeUnknownError, match="no answer in time"):
        await transport.put("out/one", b"x")


@pytest.mark.parametrize("moment", ["listing", "reading", "writing"])
async def test_a_server_that_hangs_is_asked_again_later(
    connect: Connect, partner: Partner, moment: str
) -> None:
    (partner.root / "in" / "one").write_bytes(b"body")
    partner.trouble.update({f"hang at {moment}", "hang at closing"})
    transport = connect(timeout_s=0.3)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "listing": lambda: transport.list("in"),
        "reading": lambda: transport.read("in/one", 100),
        "writing": lambda: transport.put("out/one", b"x"),
    }
    began = time.monotonic()
    with pytest.raises(RetryableError, match="no answer in time"):
        await calls[moment]()
    assert time.monotonic() - began < 2
    assert not (partner.root / "out" / "one").exists()
    partner.trouble.clear()
    assert await transport.read("in/one", 100) == b"body"


async def test_a_caller_who_gives_up_leaves_nothing_waiting(connect: Connect, partner: Partner) -> None:
    partner.trouble.update({"hang at writing", "hang at closing"})
    transport = connect()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await transport.put("out/one", b"x")
    assert time.monotonic() - began < 2
    assert await transport.list("out") != ()  # what was half written keeps its temporary name
    assert not (partner.root / "out" / "one").exists()


async def test_a_server_without_extensions_does(connect: Connect, partner: Partner) -> None:
    partner.trouble.add("no extensions")
    transport = connect()
    await transport.put("out/one", b"x")
    await transport.put("out/two", b"y")
    await transport.move("out/one", "out/two")
    assert (partner.root / "out" / "two").read_bytes() == b"x"


async def test_an_upload_that_lost_bytes_gets_no_name(connect: Connect, partner: Partner) -> None:
    partner.trouble.add("lose bytes")
    with pytest.raises(RetryableError, match="of 100 bytes arrived"):
        await connect().put("out/one", b"x" * 100)
    assert not (partner.root / "out" / "one").exists()


async def test_a_listener_that_speaks_no_ssh_is_tried_again(connect: Connect) -> None:
    with pytest.raises(RetryableError, match="no connection"):
        await connect(host="127.0.0.1", port=1).list("in")


async def test_all_folders_lie_below_the_root(connect: Connect, partner: Partner) -> None:
    (partner.root / "in" / "deep").mkdir()
    (partner.root / "in" / "deep" / "one").write_bytes(b"x")
    for root in ("in", "/in", "/in/"):
        assert [file.path for file in await connect(root=root).list("deep")] == ["deep/one"]
    assert [file.path for file in await connect(root="/").list("in/deep")] == ["in/deep/one"]


async def test_the_machines_own_trust_counts_for_nothing(
    connect: Connect, partner: Partner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    line = partner.host_key.export_public_key().decode()
    (home / "known_hosts").write_text(f"[127.0.0.1]:{partner.port} {line}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with pytest.raises(UnauthorisedError, match="host_key"):
        await connect(host_key=(key().get_fingerprint(),)).list("in")


def test_the_library_still_takes_an_empty_triple_for_no_trust() -> None:
    assert asyncssh.match_known_hosts(([], [], []), "host", "127.0.0.1", None)[:3] == ([], [], [])
