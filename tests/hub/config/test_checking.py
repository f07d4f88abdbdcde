"""`orderhub check`: a configuration is right when everything that it names is."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.clock import SystemClock
from core.store.migrate import upgrade
from hub.catalogue import catalogue
from hub.config import load_config
from hub.config.beginning import AlreadyThereError, begin
from hub.config.building import build, load_mappings
from hub.config.checking import check
from hub.config.connecting import Tried, connect
from hub.config.schema import json_schema
from hub.config.sections import without_password
from tests.hub.config.building import ENVIRONMENT, SECRET, SHOP, checked, read, write

OVERLAY = """\
overlay: shop/order
base: webstore/order
version: 1
change:
  channel_ref: {from: number}
"""

AMAZON = """\
  amazon:
    type: amazon
    seller_id: A2EXAMPLE
    marketplaces: [A1PA6795UKMFR9]
    client_id: amzn1.application-oa2-client.example
    client_secret: "${SHOP_KEY}"
    refresh_token: "${SHOP_KEY}"
"""
AMAZON_POLICY = "    amazon: {mail: false, refunds: here}\n"


class TestWhatItNames:
    def test_a_good_configuration_has_no_problems(self, tmp_path: Path) -> None:
        assert checked(tmp_path, SHOP) == []

    def test_a_secret_that_stands_in_the_file_is_a_warning(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, SHOP.replace("${SHOP_KEY}", SECRET))
        assert problem.startswith("4:19: warning: connectors.shop.api_secrets[0]: a secret stands here")
        assert SECRET not in problem

    def test_buyers_are_not_mailed_by_nobody(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, SHOP.replace("mail: false", "mail: true"))
        assert "policies.notifier: buyers of shop are mailed by the connector 'mailer'" in problem
        assert "policies.channels.shop.mail to false" in problem

    def test_a_notifier_mails(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, SHOP.replace("policies:", "policies:\n  notifier: shop"))
        assert problem.startswith("6:13: policies.notifier: 'shop' is of type webstore, which mails nobody")

    def test_a_policy_is_of_a_connector_that_there_is(self, tmp_path: Path) -> None:
        problems = checked(tmp_path, SHOP.replace("    shop: {mail", "    shpo: {mail"))
        assert any("no connector has the name 'shpo'; did you mean shop?" in problem for problem in problems)

    def test_the_hub_pays_nothing_back_that_the_channel_pays_back_by_itself(self, tmp_path: Path) -> None:
        config = SHOP.replace("{mail: false}", "{mail: false, refunds: here}")
        assert checked(tmp_path, config) == []
        (problem,) = checked(tmp_path, config.replace("policies:", f"{AMAZON}policies:") + AMAZON_POLICY)
        assert "policies.channels.amazon.refunds: amazon pays buyers back by itself" in problem

    @pytest.mark.parametrize(
        ("connector", "said"),
        [("shop", "of type webstore, which takes no releases"), ("shpo", "did you mean shop?")],
    )
    def test_a_node_is_of_a_connector_that_sends_goods(
        self, tmp_path: Path, connector: str, said: str
    ) -> None:
        (problem,) = checked(tmp_path, f"{SHOP}nodes:\n  berlin: {{connector: {connector}, country: DE}}\n")
        assert problem.startswith("9:23: nodes.berlin.connector:")
        assert said in problem

    def test_a_supplier_is_of_a_connector_that_takes_purchase_orders(self, tmp_path: Path) -> None:
        node = "nodes:\n  acme: {kind: supplier, connector: shop, country: DE}\n"
        (problem,) = checked(tmp_path, f"{SHOP}{node}")
        assert problem.startswith(
            "9:37: nodes.acme.connector: 'shop' is of type webstore, which takes no purch"
        )

    def test_a_supplier_makes_its_own_labels(self, tmp_path: Path) -> None:
        node = "nodes:\n  acme: {kind: supplier, connector: shop, country: DE}\n"
        courier = "policies:\n  courier: {nodes: {acme: {broker: shop}}}"
        problems = checked(tmp_path, SHOP.replace("policies:", courier) + node)
        assert any(
            "policies.courier.nodes.acme: 'acme' is a supplier, which makes its own" in p for p in problems
        )

    @pytest.mark.parametrize(
        ("terms", "said"),
        [
            ("currency: EUR", "`currency` and `items` are a supplier's: say `kind: supplier`"),
            (
                "kind: supplier, items: {CUP: {cost: 2}}",
                "item CUP has a cost, so the supplier needs a `currency`",
            ),
            ("kind: suplier", "nodes.acme.kind"),
            ("kind: supplier, items: {CUP: {cots: 2}}", "did you mean cost?"),
        ],
    )
    def test_what_is_agreed_with_a_supplier_is_told_whole(
        self, tmp_path: Path, terms: str, said: str
    ) -> None:
        problems = checked(tmp_path, f"{SHOP}nodes:\n  acme: {{connector: shop, country: DE, {terms}}}\n")
        assert any(problem.startswith("9:") and said in problem for problem in problems)

    @pytest.mark.parametrize(
        ("broker", "said"),
        [("shop", "of type webstore, which books no labels"), ("shpo", "did you mean shop?")],
    )
    def test_labels_are_booked_by_a_courier_broker(self, tmp_path: Path, broker: str, said: str) -> None:
        courier = f"policies:\n  courier: {{nodes: {{berlin: {{broker: {broker}}}}}}}"
        (problem,) = checked(tmp_path, SHOP.replace("policies:", courier))
        assert "policies.courier.nodes.berlin.broker:" in problem
        assert said in problem

    def test_rates_are_of_a_channel_that_there_is(self, tmp_path: Path) -> None:
        courier = "policies:\n  courier: {channels: {shpo: {prefer: carrier}}}"
        (problem,) = checked(tmp_path, SHOP.replace("policies:", courier))
        assert (
            "policies.courier.channels.shpo: no connector has the name 'shpo'; did you mean shop?" in problem
        )

    @pytest.mark.parametrize(
        ("fraud", "said"),
        [
            (
                "{gateway: shpo}",
                "6:20: policies.fraud.gateway: no connector has the name 'shpo'; did you mean shop",
            ),
            (
                "{gateway: shop}",
                "6:20: policies.fraud.gateway: 'shop' is of type webstore, which screens no orders",
            ),
            (
                "{channels: {shpo: true}}",
                "6:28: policies.fraud.channels.shpo: no connector has the name 'shpo'",
            ),
        ],
    )
    def test_who_screens_orders_must_be_there_and_able_to(
        self, tmp_path: Path, fraud: str, said: str
    ) -> None:
        (problem,) = checked(tmp_path, SHOP.replace("policies:\n", f"policies:\n  fraud: {fraud}\n"))
        assert problem.startswith(said)

    def test_a_workflows_mistakes_are_told_with_its_own_lines(self, tmp_path: Path) -> None:
        write(tmp_path, "types:\n  standard:\n    OrderPlaced: [check_the_sum]\n", "flow.yaml")
        problems = checked(tmp_path, f"{SHOP}workflow: flow.yaml\n")
        assert (
            "flow.yaml:3:19: there is no rule or sequence 'check_the_sum'; did you mean 'check_the_sums'?"
            in problems
        )
        assert any("can never run" in problem for problem in problems)

    def test_a_workflow_that_is_not_there_is_told_at_its_key(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, f"{SHOP}workflow: flow.yaml\n")
        assert problem.startswith("8:11: workflow: flow.yaml can't be read")

    def test_a_master_key_that_is_none_is_told_without_it(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, f"{SHOP}master_key: ${{K}}\n", K="hunter2")
        assert problem.startswith("8:13: master_key: the master key is not 32 bytes")
        assert "hunter2" not in problem

    def test_a_shared_store_needs_a_shared_key(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, f"{SHOP}store: postgresql://db/hub\n")
        assert "orderhub keys new" in problem

    def test_a_checked_file_writes_nothing(self, tmp_path: Path) -> None:
        checked(tmp_path, SHOP)
        assert [file.name for file in tmp_path.iterdir()] == ["hub.yaml"]


class TestMappings:
    def test_an_overlay_stands_in_for_a_connectors_mapping(self, tmp_path: Path) -> None:
        write(tmp_path, OVERLAY, "own/order.yaml")
        text = SHOP.replace("type: webstore", "type: webstore\n    mappings: {webstore/order: shop/order}")
        assert checked(tmp_path, f"{text}mappings: [own]\n") == []
        config = read(tmp_path, f"{text}mappings: [own]\n")
        assert build(config).connectors["shop"].connector is not config.connectors["shop"].connector

    def test_what_stands_in_must_be_there_and_do_the_same(self, tmp_path: Path) -> None:
        write(tmp_path, OVERLAY, "own/order.yaml")
        mappings = "{webstore/cancel: shop/order, webstore/ordr: shop/order, webstore/order: shop/odrer}"
        text = SHOP.replace("type: webstore", f"type: webstore\n    mappings: {mappings}")
        problems = " ".join(checked(tmp_path, f"{text}mappings: [own]\n"))
        assert "shop/order reads OrderDocument, so it can't stand in for webstore/cancel" in problems
        assert "there is no mapping 'webstore/ordr'; did you mean webstore/order" in problems
        assert "there is no mapping 'shop/odrer'; did you mean shop/order" in problems

    def test_a_mappings_mistakes_are_told_with_its_own_lines(self, tmp_path: Path) -> None:
        write(tmp_path, OVERLAY.replace("channel_ref", "chanel_ref"), "own/order.yaml")
        (problem,) = checked(tmp_path, f"{SHOP}mappings: [own]\n")
        assert problem.startswith(f"{tmp_path}/own/order.yaml:5:3: the base has no field 'chanel_ref'")

    def test_a_folder_that_is_not_there_is_told_at_its_key(self, tmp_path: Path) -> None:
        (problem,) = checked(tmp_path, f"{SHOP}mappings: [own]\n")
        assert problem.startswith("8:12: mappings[0]: there is no such folder")


async def tried(folder: Path, text: str, **environ: str) -> dict[str, Tried]:
    config = load_config(write(folder, text), environ={**ENVIRONMENT, **environ})
    return {one.what: one async for one in connect(config, load_mappings(config), SystemClock())}


class TestConnecting:
    async def test_a_store_that_is_not_there_says_how_it_is_made(self, tmp_path: Path) -> None:
        found = (await tried(tmp_path, f"store: sqlite:///x.db\n{SHOP}"))["store"]
        assert found.problem is not None
        assert str(found.problem).endswith(
            ":1:8: store: sqlite:///x.db does not exist yet: make it with `orderhub db upgrade`"
        )
        assert not (tmp_path / "x.db").exists()

    async def test_a_store_at_its_level_is_right(self, tmp_path: Path) -> None:
        config = read(tmp_path, f"store: sqlite:///x.db\n{SHOP}")
        await upgrade(config.store_url)
        found = await tried(tmp_path, f"store: sqlite:///x.db\n{SHOP}")
        assert [one.problem for one in found.values()] == [None, None, None]
        assert set(found) == {"store", "bus", "connector shop"}

    async def test_an_old_store_is_told_what_to_do(self, tmp_path: Path, postgres_url: str) -> None:
        text = f"store: ${{DB}}\nmaster_key: ${{MASTER}}\n{SHOP}"
        found = (await tried(tmp_path, text, DB=postgres_url))["store"]
        assert "has no tables yet" in found.said
        await upgrade(postgres_url)
        assert (await tried(tmp_path, text, DB=postgres_url))["store"].problem is None

    async def test_what_is_away_is_told_without_its_password(self, tmp_path: Path) -> None:
        text = (
            f"store: postgresql://hub:hunter2@127.0.0.1:9/hub\nbus: amqp://hub:hunter2@127.0.0.1:9/\n{SHOP}"
        )
        found = await tried(tmp_path, text)
        for what in ("store", "bus"):
            assert found[what].problem is not None
            assert "hunter2" not in str(found[what].problem)

    async def test_a_broker_that_answers_is_right(
        self, tmp_path: Path, amqp_url: str, queue_prefix: str
    ) -> None:
        text = f"bus: {{url: '${{MQ}}', prefix: {queue_prefix}}}\n{SHOP}"
        assert (await tried(tmp_path, text, MQ=amqp_url))["bus"].problem is None

    async def test_a_partner_that_is_away_is_told_at_its_own_line(self, tmp_path: Path) -> None:
        text = (
            "connectors:\n  pay: {type: stripe, secret_key: sk_test_1, webhook_secrets: [whsec_1], "
            "api_base: 'http://127.0.0.1:9'}\n"
        )
        found = (await tried(tmp_path, text))["connector pay"]
        assert found.problem is not None
        assert found.problem.mark.line == 2
        assert "sk_test_1" not in str(found.problem)


class TestSchema:
    def test_it_knows_every_type_of_connector_and_says_what_keys_mean(self) -> None:
        schema = json_schema(catalogue())
        text = json.dumps(schema)
        assert set(
            schema["properties"]["connectors"]["additionalProperties"]["discriminator"]["mapping"]
        ) == set(catalogue())
        assert "How far a request's timestamp may be from the hub's time" in text
        assert "An order whose payment was declined is cancelled" in text

    def test_a_placeholder_may_stand_for_a_number(self) -> None:
        port = json_schema(catalogue())["$defs"]["ApiSection"]["properties"]["port"]
        assert {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_.:/-]*\}"} in port["anyOf"]

    def test_a_store_may_be_its_url_alone(self) -> None:
        assert {"string", "object"} == {
            part["type"] for part in json_schema(catalogue())["$defs"]["StoreSection"]["anyOf"]
        }


class TestBeginning:
    def test_the_first_file_is_right_and_its_secrets_are_its_owners(self, tmp_path: Path) -> None:
        begin(tmp_path)
        assert check(tmp_path / "hub.yaml", environ={}).problems == ()
        secrets = [tmp_path / "secrets" / name for name in ("master.key", "shop.key")]
        assert [oct(file.stat().st_mode & 0o777) for file in secrets] == ["0o600", "0o600"]
        assert (tmp_path / ".gitignore").read_text(encoding="utf-8").splitlines() == [
            "secrets/",
            "orderhub-data/",
        ]

    def test_no_two_beginnings_share_a_secret(self, tmp_path: Path) -> None:
        begin(tmp_path / "a")
        begin(tmp_path / "b")
        keys = {(tmp_path / name / "secrets" / "master.key").read_text(encoding="utf-8") for name in "ab"}
        assert len(keys) == 2

    def test_nothing_is_written_over(self, tmp_path: Path) -> None:
        begin(tmp_path)
        before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
        with pytest.raises(AlreadyThereError, match=r"hub\.yaml"):
            begin(tmp_path)
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before

    def test_a_container_takes_its_store_bus_and_key_from_the_environment(self, tmp_path: Path) -> None:
        begin(tmp_path)
        environ = {
            "ORDERHUB_STORE_URL": "postgresql://db/hub",
            "ORDERHUB_BUS_URL": "amqp://mq/",
            "ORDERHUB_MASTER_KEY": "x",
        }
        config = load_config(tmp_path / "hub.yaml", environ=environ)
        assert (config.store_url, config.bus_url) == ("postgresql://db/hub", "amqp://mq/")
        assert config.master_key == SecretStr("x")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://hub:pw@db:5432/hub?sslkey=x", "postgresql://hub@db:5432/hub"),
        ("postgresql://db/hub", "postgresql://db/hub"),
        ("amqp://hub:p%40w@mq/", "amqp://hub@mq/"),
        ("sqlite:///a.db", "sqlite:///a.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
