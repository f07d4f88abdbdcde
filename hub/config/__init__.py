"""`hub.yaml`: what a hub is made of, read with every problem told at once, each with file, line and column."""

from hub.config.loading import (
    CONFIG_FILE,
    ConnectorConfig,
    HubConfig,
    default_config,
    folders_of_mappings,
    load_config,
    mappings_of_connector,
)
from hub.config.problems import ConfigError, ConfigProblem

__all__ = [
    "CONFIG_FILE", "ConfigError", "ConfigProblem", "ConnectorConfig", "HubConfig", "default_config",
    "folders_of_mappings", "load_config", "mappings_of_connector",
]  # fmt: skip
