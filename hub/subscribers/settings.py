"""What a subscriber by webhook is told with."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from connectors.webstore.settings import SigningSecret, WebhookUrl


class SubscriberSettings(BaseModel):
    """Where events go, and what they are signed with."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    url: WebhookUrl
    """Where each event is posted; https, or http for 127.0.0.1 alone."""
    secrets: Annotated[tuple[SigningSecret, ...], Field(min_length=1, max_length=5)]
    """What webhooks are signed with (`whsec_…`): several are a rotation, and each signs."""
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 20
