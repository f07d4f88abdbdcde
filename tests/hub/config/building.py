"""Files of a hub, written into a folder, and read."""

from pathlib import Path

from hub.config import ConfigError, HubConfig, load_config
from hub.config.checking import check

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SECRET = f"whsec_{KEY}"
ENVIRONMENT = {"SHOP_KEY": SECRET, "MASTER": KEY}

SHOP = """\
connectors:
  shop:
    type: webstore
    api_secrets: ["${SHOP_KEY}"]
policies:
  channels:
    shop: {mail: false}
"""


def write(folder: Path, text: str, name: str = "hub.yaml") -> Path:
    """Write a file, and return its path."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(folder: Path, text: str = SHOP, **environ: str) -> HubConfig:
    """Return the configuration that a text is."""
    return load_config(write(folder, text), environ={**ENVIRONMENT, **environ})


def told(folder: Path, text: str, **environ: str) -> list[str]:
    """Return what is said to be wrong with a text: `line:column: key: reason`."""
    try:
        load_config(write(folder, text), environ={**ENVIRONMENT, **environ})
    except ConfigError as error:
        return [str(problem).removeprefix(f"{folder / 'hub.yaml'}:") for problem in error.problems]
    return []


def checked(folder: Path, text: str, **environ: str) -> list[str]:
    """Return what `orderhub check` finds in a text and all that it names."""
    found = check(write(folder, text), environ={**ENVIRONMENT, **environ}).problems
    return [str(problem).removeprefix(f"{folder / 'hub.yaml'}:") for problem in found]
