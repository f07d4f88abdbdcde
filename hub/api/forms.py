"""What the console's buttons do: each is a form that posts here, and leads back to a page that shows what became of it.

The cookie is sent by our own pages only (SameSite=Strict); a form of another site is refused by its origin as well.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from hub.api.gate import COOKIE, desk_of, gate_of
from hub.desk import effects, failures, replay, replays
from hub.desk.access import Permission, Principal
from hub.desk.effects import Resolution
from hub.desk.errors import ForbiddenError, InvalidError, UnauthenticatedError
from hub.desk.failures import FailureFilter
from hub.desk.messages import MessageFilter
from hub.desk.replay_plans import Selection
from hub.desk.replay_views import ReplayMode, ReplayOrdering, ReplayVerb

router = APIRouter(include_in_schema=False)

SAID: Mapping[str, str] = {
    "claimed": "It is yours: nobody else replays it.",
    "unclaimed": "It is everybody's again.",
    "replayed": "It is being replayed: its outcome closes it, or opens it again.",
    "discarded": "It is given up. What waited behind it goes on.",
    "edited": "The edited copy is on its way; the original is closed.",
    "planned": "The list is fixed. Nothing moves yet.",
    "running": "It goes.",
    "canary": "One goes first. The next step begins when it has come through.",
    "stopped": "Nothing more is sent. It can be continued.",
    "approved": "You have agreed: it may run.",
    "resolved": "It is written down, with your name.",
}
"""What a page says after a button: by a code of ours, so that nobody else can put words into its mouth."""
_TABLE = {
    "replay": Permission.REPLAY,
    "many": Permission.REPLAY_IN_BULK,
    "claim": Permission.CLAIM,
    "edit": Permission.EDIT_MESSAGES,
    "discard": Permission.DISCARD,
    "resolve": Permission.RESOLVE_EFFECTS,
    "override": Permission.OVERRIDE_CLAIMS,
}


def rights(request: Request, who: Principal) -> Mapping[str, bool]:
    """Return which buttons somebody sees: none who is not signed in, as a form takes the cookie."""
    signed_in = COOKIE in request.cookies
    return {name: signed_in and who.may(permission) for name, permission in _TABLE.items()}


class Form:
    """The fields of a form, and who sent it."""

    def __init__(self, who: Principal, fields: Mapping[str, list[str]]) -> None:
        self.who, self._fields = who, fields

    def text(self, name: str) -> str:
        """Return a field; nothing said is an empty text. Line ends are those of the document, not of the form."""
        return self._fields.get(name, [""])[0].replace("\r\n", "\n")

    def some(self, name: str) -> str | None:
        """Return a field that may be left empty."""
        return self.text(name).strip() or None

    def ids(self, name: str) -> tuple[UUID, ...]:
        """Return every id that was ticked."""
        try:
            return tuple(UUID(value) for value in self._fields.get(name, ()))
        except ValueError:
            raise InvalidError(f"{name} names something that is no id") from None


async def _form(request: Request) -> Form:
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ForbiddenError("this form was sent by another site")
    secret = request.cookies.get(COOKIE)
    if not secret:
        raise UnauthenticatedError("sign in on the first page")
    who = await gate_of(request).book.authenticate(secret)
    body = (await request.body()).decode(errors="replace")
    return Form(who, parse_qs(body, keep_blank_values=True, max_num_fields=12_000))


Sent = Annotated[Form, Depends(_form)]


def _back(path: str, said: str) -> Response:
    return RedirectResponse(f"{path}?said={said}", 303)


@router.post("/console/failures/{failure_id}/{verb}")
async def on_failure(request: Request, failure_id: UUID, verb: str, form: Sent) -> Response:
    """Claim, give back, replay or discard one failure."""
    desk, force = desk_of(request), form.text("force") == "yes"
    page = f"/console/failures/{failure_id}"
    match verb:
        case "claim":
            await failures.claim(desk, form.who, failure_id, force=force)
            return _back(page, "claimed")
        case "unclaim":
            await failures.unclaim(desk, form.who, failure_id, force=force)
            return _back(page, "unclaimed")
        case "replay":
            await replay.replay_failure(desk, form.who, failure_id, force=force)
            return _back(page, "replayed")
        case "discard":
            await failures.discard(desk, form.who, failure_id, form.text("reason"), force=force)
            return _back(page, "discarded")
        case _:
            raise InvalidError(f"a failure is not {verb}ed")


@router.post("/console/messages/{message_id}/edit")
async def on_message(request: Request, message_id: UUID, form: Sent) -> Response:
    """Send an edited copy in a message's place."""
    body = form.text("body").encode()
    sent = await replay.resend_edited(desk_of(request), form.who, message_id, body, form.text("reason"))
    if sent.failure_id is not None:
        return _back(f"/console/failures/{sent.failure_id}", "edited")
    return _back(f"/console/messages/{sent.message_id}", "edited")


@router.post("/console/replays")
async def on_selection(request: Request, form: Sent) -> Response:
    """Fix a plan: of ticked failures, of a whole kind, or of what a verb finds."""
    verb = ReplayVerb(form.some("verb") or ReplayVerb.FAILED)
    ids, signature, connector = form.ids("id"), form.some("signature"), form.some("connector")
    messages = MessageFilter(connector=connector, kind=form.some("kind"), key=form.some("key"))
    wanted = Selection(
        verb=verb,
        ids=ids,
        failures=None
        if ids or verb is not ReplayVerb.FAILED
        else FailureFilter(signature=signature, connector=connector),
        messages=messages if verb is not ReplayVerb.FAILED else None,
        ordering=ReplayOrdering.SHIP_BY if form.text("by") == "ship_by" else ReplayOrdering.AGE,
        reason=form.text("reason"),
    )
    made = await replays.make_plan(desk_of(request), form.who, wanted)
    return _back(f"/console/replays/{made.id}", "planned")


@router.post("/console/replays/{replay_id}/{verb}")
async def on_replay(request: Request, replay_id: UUID, verb: str, form: Sent) -> Response:
    """Run a plan, try it on one first, stop it, or agree to it."""
    desk, page = desk_of(request), f"/console/replays/{replay_id}"
    confirm = form.some("confirm")
    number = int(confirm) if confirm is not None and confirm.isdigit() else None
    match verb:
        case "run":
            await replays.run(desk, form.who, replay_id, confirm=number)
            return _back(page, "running")
        case "canary":
            await replays.run(desk, form.who, replay_id, ReplayMode.CANARY, confirm=number)
            return _back(page, "canary")
        case "stop":
            await replays.stop(desk, form.who, replay_id, form.text("reason"))
            return _back(page, "stopped")
        case "approve":
            await replays.approve(desk, form.who, replay_id)
            return _back(page, "approved")
        case _:
            raise InvalidError(f"a replay can't {verb}")


@router.post("/console/effects/{effect_id}/resolve")
async def on_effect(request: Request, effect_id: UUID, form: Sent) -> Response:
    """Say what became of an effect, or have the partner asked."""
    try:
        resolution = Resolution(form.text("resolution"))
    except ValueError:
        raise InvalidError("say what became of it: it happened, it did not, or ask the partner") from None
    reference = form.some("reference")
    await effects.resolve(
        desk_of(request), form.who, effect_id, resolution, form.text("reason"), reference=reference
    )
    return _back(f"/console/effects/{effect_id}", "resolved")
