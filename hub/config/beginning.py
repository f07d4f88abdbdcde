"""A first `hub.yaml`, commented, with secrets of its own that only its owner can read."""

import base64
import os
import secrets
from pathlib import Path

from core.errors import HubError
from core.security.keys import MasterKey

CONFIG = """\
# A hub that runs as it stands: SQLite, no broker, one shop. `orderhub check` says what is wrong with this file, and
# `orderhub check --schema` prints its JSON Schema for editors. What it may say: docs/configuration.md.
#
# ${NAME} is the environment variable NAME, or a value of the file that --values names; ${NAME:-this} has a default.
# file:NAME is what stands in that file. Secrets belong there, and never in here.

# In earnest: postgresql://user:${POSTGRES_PASSWORD}@host/orderhub
store: ${ORDERHUB_STORE_URL:-sqlite:///orderhub-data/orderhub.db}

# In earnest: amqp://user:${RABBITMQ_PASSWORD}@host:5672/
bus: ${ORDERHUB_BUS_URL:-embedded://}

# Seals personal data. Keep a copy apart from the store's copies: without it they can't be read.
master_key: ${ORDERHUB_MASTER_KEY:-file:secrets/master.key}

api:
  host: 127.0.0.1          # 0.0.0.0 in a container
  port: 8000
  # public_url: https://hub.example.com   # where partners reach the doors

connectors:
  # The name is yours: orders of this shop have the channel `shop`. Its door is /connectors/shop/orders.
  shop:
    type: webstore
    api_secrets: ["file:secrets/shop.key"]   # what the shop signs its requests with
    # webhook_url: https://shop.example.com/hub   # where it is told what became of its orders
    # webhook_secrets: ["file:secrets/shop.key"]

  # stripe:
  #   type: stripe
  #   secret_key: ${STRIPE_SECRET_KEY}
  #   webhook_secrets: ["${STRIPE_WEBHOOK_SECRET}"]

  # mailer:
  #   type: mailer
  #   host: smtp.example.com
  #   username: hub
  #   password: ${SMTP_PASSWORD}
  #   sender: orders@example.com
  #   shop_name: Example Shop

# nodes:                   # places that send goods; `orderhub nodes import` takes many
#   berlin: {connector: warehouse, country: DE}

policies:
  channels:
    shop:
      mail: false          # true needs the connector `mailer`
      tell: false          # true needs the shop's webhook_url
      # hold_for_review_above: 1000

retention:
  bodies_days: 90

# mappings: [mappings]     # folders of your own mapping documents and overlays
"""
IGNORED = "secrets/\norderhub-data/\n"


class AlreadyThereError(HubError):
    """A file that would be written is there already."""


def begin(folder: Path) -> list[Path]:
    """Write the files, none over another; return their names. Raises `AlreadyThereError`, `OSError`."""
    texts = {
        folder / "hub.yaml": CONFIG,
        folder / "secrets" / "master.key": f"{MasterKey.new_text()}\n",
        folder / "secrets" / "shop.key": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}\n",
    }
    there = [str(file) for file in texts if file.exists()]
    if there:
        raise AlreadyThereError(f"{', '.join(there)} is there already, and nothing was written")
    ignore = folder / ".gitignore"
    if not ignore.exists():
        texts[ignore] = IGNORED
    for file, text in texts.items():
        secret = file.parent.name == "secrets"
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret else 0o777)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o666)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    return list(texts)
