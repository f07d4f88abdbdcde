"""Who may do what: four roles, each with all that the one below it may, and one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.desk.errors import ForbiddenError


class Role(StrEnum):
    """What somebody is to the hub, least first."""

    VIEWER = "viewer"
    """Sees how orders stand, and no personal data: names, addresses and message bodies are masked."""
    SUPPORT = "support"
    """Looks after orders: sees people and messages as they are, repairs and replays one at a time."""
    ENGINEER = "engineer"
    """Looks after the hub: connectors, master data, stock, replays in bulk."""
    ADMIN = "admin"
    """Gives out tokens, and erases people."""


class Permission(StrEnum):
    """Something that not everybody may."""

    READ = "read"
    SEE_PEOPLE = "see_people"
    FIND_PEOPLE = "find_people"
    CHANGE_ORDERS = "change_orders"
    CLAIM = "claim"
    REPLAY = "replay"
    EDIT_MESSAGES = "edit_messages"
    DISCARD = "discard"
    RESOLVE_EFFECTS = "resolve_effects"
    REPLAY_IN_BULK = "replay_in_bulk"
    OVERRIDE_CLAIMS = "override_claims"
    SET_STOCK = "set_stock"
    IMPORT = "import"
    RUN_CONNECTORS = "run_connectors"
    READ_AUDIT = "read_audit"
    ERASE = "erase"
    MANAGE_TOKENS = "manage_tokens"


NEEDS: Mapping[Permission, Role] = {
    Permission.READ: Role.VIEWER,
    Permission.SEE_PEOPLE: Role.SUPPORT,
    Permission.FIND_PEOPLE: Role.SUPPORT,
    Permission.CHANGE_ORDERS: Role.SUPPORT,
    Permission.CLAIM: Role.SUPPORT,
    Permission.REPLAY: Role.SUPPORT,
    Permission.EDIT_MESSAGES: Role.SUPPORT,
    Permission.DISCARD: Role.SUPPORT,
    Permission.RESOLVE_EFFECTS: Role.SUPPORT,
    Permission.REPLAY_IN_BULK: Role.ENGINEER,
    Permission.OVERRIDE_CLAIMS: Role.ENGINEER,
    Permission.SET_STOCK: Role.ENGINEER,
    Permission.IMPORT: Role.ENGINEER,
    Permission.RUN_CONNECTORS: Role.ENGINEER,
    Permission.READ_AUDIT: Role.ENGINEER,
    Permission.ERASE: Role.ADMIN,
    Permission.MANAGE_TOKENS: Role.ADMIN,
}
"""The least role for each permission."""

_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a token's name, or whoever runs the command line on the hub's own machine."""

    name: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Say whether the role allows it."""
        return _RANK[self.role] >= _RANK[NEEDS[permission]]

    def must(self, permission: Permission) -> None:
        """Refuse with `ForbiddenError` what the role does not allow."""
        if not self.may(permission):
            what = permission.value.replace("_", " ")
            raise ForbiddenError(
                f"to {what} takes the role {NEEDS[permission].value}; {self.name} is {self.role.value}"
            )
