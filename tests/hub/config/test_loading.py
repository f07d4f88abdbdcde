"""`hub.yaml` is read whole, and everything that is wrong with it is told at once, at its place."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.policy import Policy
from core.scheduler.retention import Retention
from hub.config import ConfigError, default_config, load_config
from hub.config.building import build
from hub.config.tree import parse_yaml
from tests.hub.config.building import KEY, SECRET, SHOP, read, told


class TestWhatItSays:
    def test_an_empty_file_is_a_hub_on_sqlite_without_connectors(self, tmp_path: Path) -> None:
        config = read(tmp_path, "")
        assert config.store_url == f"sqlite:///{tmp_path}/orderhub-data/orderhub.db"
        assert config.bus_url == "embedded://"
        assert dict(config.connectors) == {}
        assert config.sections.policies == Policy()

    def test_a_connector_has_its_types_settings_and_limits(self, tmp_path: Path) -> None:
        config = read(
            tmp_path, SHOP.replace("type: webstore", "type: webstore\n    limits: {concurrency: 3}")
        )
        shop = config.connectors["shop"]
        assert shop.connector.name == "webstore"
        assert isinstance(shop.settings, shop.connector.settings)
        assert shop.limits.concurrency == 3
        assert shop.limits.ladder_s == shop.connector.limits.ladder_s

    def test_what_is_said_of_retention_reaches_the_clean_up(self, tmp_path: Path) -> None:
        built = build(read(tmp_path, "retention: {bodies_days: 1, journal_days: 2, effects_days: 7}\n"))
        assert built.retention == Retention(1, 2, 7, 730)
        assert build(read(tmp_path, "")).retention == Retention(90, None, 365, 730)

    def test_a_store_and_a_bus_may_be_their_urls_alone_or_more(self, tmp_path: Path) -> None:
        config = read(tmp_path, "store: postgresql://hub@db/hub\nbus: {url: 'amqp://mq/', prefix: test.}\n")
        assert config.store_url == "postgresql://hub@db/hub"
        assert (config.bus_url, config.bus.prefix) == ("amqp://mq/", "test.")

    def test_the_environment_names_what_the_file_leaves_out(self, tmp_path: Path) -> None:
        url = "postgresql://hub:pw@db/hub"
        config = read(
            tmp_path, "", ORDERHUB_STORE_URL=url, ORDERHUB_BUS_URL="amqp://mq/", ORDERHUB_MASTER_KEY=KEY
        )
        assert (config.store_url, config.bus_url) == (url, "amqp://mq/")
        assert config.master_key is not None
        assert config.master_key.get_secret_value() == KEY

    def test_what_the_file_says_goes_before_the_environment(self, tmp_path: Path) -> None:
        config = read(tmp_path, "bus: embedded://\n", ORDERHUB_BUS_URL="amqp://mq/")
        assert config.bus_url == "embedded://"

    def test_paths_start_at_the_files_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("/")
        config = read(
            tmp_path, "store: sqlite:///x.db\nmappings: [own]\nworkflow: flow.yaml\ndata_dir: data\n"
        )
        assert config.store_file == tmp_path / "x.db"
        assert config.mapping_folders == (tmp_path / "own",)
        assert config.workflow == tmp_path / "flow.yaml"
        assert config.data_dir == tmp_path / "data"

    def test_files_in_settings_start_there_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("/")
        text = (
            "connectors:\n  mailer: {type: mailer, host: mail.example.com, sender: a@example.com, shop_name: A, "
            "ca_file: ca.pem}\n"
        )
        settings_read = read(tmp_path, text).connectors["mailer"].settings
        assert getattr(settings_read, "ca_file", None) == tmp_path / "ca.pem"

    def test_nodes_are_named_by_their_keys(self, tmp_path: Path) -> None:
        (node,) = read(tmp_path, "nodes: {berlin: {connector: wms, country: DE, priority: 5}}").nodes
        assert (node.id, node.connector, node.priority) == ("berlin", "wms", 5)

    def test_without_a_file_the_environment_is_enough(self) -> None:
        assert (
            default_config({"ORDERHUB_STORE_URL": "postgresql://db/hub"}).store_url == "postgresql://db/hub"
        )

    def test_no_password_is_shown_by_accident(self, tmp_path: Path) -> None:
        text = f"store: postgresql://hub:hunter2@db/hub\nmaster_key: {KEY}\n{SHOP}"
        config = read(tmp_path, text)
        shown = repr(config.sections) + str(config.sections.store)
        assert "hunter2" not in shown
        assert KEY not in shown


class TestWhatIsWrong:
    def test_everything_is_told_at_once_in_the_order_of_the_lines(self, tmp_path: Path) -> None:
        text = "buss: embedded://\napi: {port: eighty}\nconnectors:\n  shop:\n    type: webstoer\n"
        assert told(tmp_path, text) == [
            "1:1: buss: there is no key 'buss' at the top of the file; did you mean bus?",
            "2:13: api.port: should be a valid integer, unable to parse string as an integer (found 'eighty')",
            "5:11: connectors.shop.type: there is no type of connector 'webstoer'; did you mean webstore?",
        ]

    def test_a_key_of_a_connector_that_is_none_is_told_with_what_was_meant(self, tmp_path: Path) -> None:
        (problem,) = told(tmp_path, SHOP.replace("type: webstore", "type: webstore\n    tolerances: 5"))
        assert problem.startswith("4:5: connectors.shop.tolerances: there is no key 'tolerances'")
        assert problem.endswith("did you mean tolerance_s?")

    def test_a_missing_key_says_what_it_is_for(self, tmp_path: Path) -> None:
        problem = told(tmp_path, "nodes:\n  berlin: {connector: wms}\n")[0]
        assert problem.startswith("2:3: nodes.berlin.country: the key 'country' is missing: ISO 3166-1")

    def test_a_connector_without_a_type_is_told_which_it_looks_like(self, tmp_path: Path) -> None:
        (problem,) = told(tmp_path, "connectors:\n  stripe: {secret_key: x}\n")
        assert problem.startswith("2:3: connectors.stripe.type: the key 'type' is missing")
        assert "did you mean stripe" in problem

    @pytest.mark.parametrize("name", ["Shop", "my shop", "in.shop", "hub", "1st"])
    def test_a_name_that_no_queue_or_address_can_have_is_refused(self, tmp_path: Path, name: str) -> None:
        (problem,) = told(tmp_path, f"connectors:\n  {name}: {{type: webstore, api_secrets: [{SECRET}]}}\n")
        assert problem.startswith(f"2:3: connectors.{name}: a connector's name is a word in lower case")

    def test_a_validators_own_sentence_is_kept(self, tmp_path: Path) -> None:
        text = "connectors:\n  pay: {type: stripe, secret_key: pk_1, webhook_secrets: [whsec_1]}\n"
        (problem,) = told(tmp_path, text)
        assert problem.startswith("2:35: connectors.pay.secret_key: a Stripe API key begins with sk_")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("store: mysql://x", "1:8: store: a store is sqlite:///FILE or postgresql://"),
            ("store: 'sqlite:///'", "1:8: store: after sqlite:/// comes the name of a file"),
            ("store: 'postgresql://hub:p[w@db/hub'", "1:8: store: this is no URL"),
            ("bus: http://x", "1:6: bus: a bus is embedded:// or amqp://"),
            ("api: 8000", "1:6: api: here belong keys and values"),
            ("mappings: own", "1:11: mappings: here belongs a list"),
            (
                "retention: {bodies_days: 0}",
                "1:26: retention.bodies_days: should be greater than or equal to 1",
            ),
            ("- store", "1:1: here belong keys and values"),
            ("store: [", "1:9: this is not YAML"),
            ("store: a\nstore: b", "2:1: the key 'store' stands twice; the first is in line 1"),
            ("store: &a x\nbus: *a", "1:8: anchors and aliases are not used here"),
            ("store: !!python/object x", "1:8: the tag"),
            ("a: " + "[" * 40 + "]" * 40, "1:34: values are nested deeper"),
        ],
    )
    def test_each_mistake_has_its_place_and_its_sentence(self, tmp_path: Path, text: str, said: str) -> None:
        assert told(tmp_path, text)[0].startswith(said)

    @pytest.mark.parametrize(
        "text", ["store: postgresql://hub:hunter2", "bus: amqp://hub:hunter2@", f"{SHOP}\nx: 1"]
    )
    def test_no_secret_is_in_an_error(self, tmp_path: Path, text: str) -> None:
        for problem in told(tmp_path, text, SHOP_KEY="hunter2"):
            assert "hunter2" not in problem

    def test_a_file_that_is_not_there_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="orderhub init"):
            load_config(tmp_path / "nope.yaml", environ={})

    def test_a_file_in_another_encoding_is_told_so(self, tmp_path: Path) -> None:
        (tmp_path / "hub.yaml").write_bytes(b"store: caf\xe9")
        with pytest.raises(ConfigError, match="not UTF-8"):
            load_config(tmp_path / "hub.yaml", environ={})

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
    def test_any_text_is_read_or_refused_with_its_place(self, tmp_path: Path, text: str) -> None:
        for problem in told(tmp_path, text.replace("\r", " ")):
            line, column, reason = problem.split(":", 2)
            assert int(line) >= 1
            assert int(column) >= 1
            assert reason.strip()

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        value=st.sampled_from(
            ["null", "[]", "{}", "-1", "1.5", "yes", "''", "[[]]", "{a: {b: c}}", "2026-01-01"]
        )
    )
    @pytest.mark.parametrize(
        "key",
        [
            "store",
            "bus",
            "master_key",
            "api",
            "nodes",
            "connectors",
            "policies",
            "mappings",
            "retention",
            "log",
        ],
    )
    def test_a_strange_value_anywhere_is_taken_or_told(self, tmp_path: Path, key: str, value: str) -> None:
        for text in (
            f"{key}: {value}\n",
            f"{key}: {{x: {value}}}\n",
            f"connectors: {{shop: {{type: webstore, {key}: {value}}}}}\n",
        ):
            for problem in told(tmp_path, text):
                assert problem[0].isdigit()


class TestNumbersAndTexts:
    @pytest.mark.parametrize(
        ("written", "read_as"),
        [
            ("007", "007"),
            ("8000", 8000),
            ("1.5", 1.5),
            ("yes", "yes"),
            ("true", True),
            ("null", None),
            ("1e3", 1000.0),
        ],
    )
    def test_a_scalar_is_what_it_looks_like(self, written: str, read_as: object) -> None:
        assert parse_yaml(f"a: {written}", "f").plain() == {"a": read_as}
