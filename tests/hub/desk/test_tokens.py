"""Access tokens: shown once, known by their digest, over on their date."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from core.clock import ManualClock
from hub.desk import tokens
from hub.desk.access import NEEDS, Permission, Principal, Role
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError, UnauthenticatedError
from hub.desk.tokens import REMEMBERED_S, TokenBook
from tests.hub.stage import ADMIN, ENGINEER, Stage


async def test_a_token_is_over_on_its_date_even_where_it_is_remembered(hub: Stage) -> None:
    made = await tokens.create_token(hub.ctx, ADMIN, "robot", Role.VIEWER, expires_in_days=1)
    clock = ManualClock(datetime.now(UTC))
    book = TokenBook(replace(hub.ctx, clock=clock))
    assert await book.authenticate(made.secret) == Principal("robot", Role.VIEWER)
    clock.advance(24 * 3600 + 1)
    for _ in range(2):
        with pytest.raises(UnauthenticatedError):
            await book.authenticate(made.secret)


async def test_a_token_revoked_elsewhere_is_refused_within_seconds(hub: Stage) -> None:
    made = await tokens.create_token(hub.ctx, ADMIN, "robot", Role.VIEWER)
    clock = ManualClock(datetime.now(UTC))
    book = TokenBook(replace(hub.ctx, clock=clock))
    await book.authenticate(made.secret)
    await tokens.revoke_token(hub.ctx, ADMIN, made.id)
    clock.advance(REMEMBERED_S + 1)
    with pytest.raises(UnauthenticatedError):
        await book.authenticate(made.secret)


async def test_no_two_tokens_are_alike_and_only_digests_are_kept(hub: Stage) -> None:
    made = [await tokens.create_token(hub.ctx, ADMIN, "robot", Role.VIEWER) for _ in range(3)]
    assert len({token.secret for token in made}) == 3
    kept = await hub.rows("SELECT digest FROM tokens")
    assert all(len(row["digest"]) == 64 for row in kept)


@pytest.mark.parametrize("days", [0, -1, 3651])
async def test_a_token_of_no_sensible_life_is_refused(hub: Stage, days: int) -> None:
    with pytest.raises(InvalidError, match="expires_in_days"):
        await tokens.create_token(hub.ctx, ADMIN, "robot", Role.VIEWER, expires_in_days=days)


async def test_revoking_twice_is_revoking_once(hub: Stage) -> None:
    made = await tokens.create_token(hub.ctx, ADMIN, "robot", Role.VIEWER)
    first = await tokens.revoke_token(hub.ctx, ADMIN, made.id)
    assert (await tokens.revoke_token(hub.ctx, ADMIN, made.id)).revoked_at == first.revoked_at
    assert len(await hub.rows("SELECT id FROM audit_log WHERE action = 'token.revoke'")) == 1
    with pytest.raises(NotFoundError):
        await tokens.revoke_token(hub.ctx, ADMIN, uuid4())


async def test_tokens_are_the_administrators(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await tokens.create_token(hub.ctx, ENGINEER, "mine", Role.ADMIN)
    with pytest.raises(ForbiddenError):
        await tokens.list_tokens(hub.ctx, ENGINEER)


def test_every_permission_has_its_least_role_and_a_role_has_all_below() -> None:
    assert set(NEEDS) == set(Permission)
    rights = [{p for p in Permission if Principal("x", role).may(p)} for role in Role]
    assert all(less < more for less, more in itertools.pairwise(rights))
