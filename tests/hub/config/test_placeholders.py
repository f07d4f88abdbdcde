"""What differs between environments, and what nobody writes down, comes from elsewhere, and is never shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import ConfigError, load_config
from hub.config.placeholders import Resolver, Values
from hub.config.tree import Node
from mappings.errors import Mark
from tests.hub.config.building import SECRET, SHOP, read, told, write


def filled(text: str, folder: Path = Path(), **environ: str) -> object:
    resolver = Resolver(Values(environ), folder)
    node = resolver.resolve(Node(text, Mark("f")))
    assert not resolver.problems
    return node.value


class TestPlaceholders:
    def test_a_placeholder_is_a_variable(self) -> None:
        assert filled("https://${HOST}/${PATH_}", HOST="example.com", PATH_="x") == "https://example.com/x"

    def test_a_default_stands_in_for_what_is_not_there_or_empty(self) -> None:
        assert filled("${PORT:-8000}") == "8000"
        assert filled("${PORT:-8000}", PORT="") == "8000"
        assert filled("${PORT:-8000}", PORT="9000") == "9000"

    def test_two_dollars_are_one(self) -> None:
        assert filled("a$$b$${C}") == "a$b${C}"

    @given(st.text(alphabet=st.characters(exclude_characters="$", exclude_categories=["Cs"])))
    def test_a_text_without_a_dollar_stays_as_it_is(self, text: str) -> None:
        if not text.startswith("file:"):
            assert filled(text) == text

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
    def test_what_a_variable_holds_is_not_looked_into(self, value: str) -> None:
        if value and not value.startswith("file:"):
            assert filled("a${A}", A=value) == f"a{value}"

    def test_a_number_may_be_a_placeholder(self, tmp_path: Path) -> None:
        assert read(tmp_path, "api: {port: '${PORT}'}", PORT="9001").sections.api.port == 9001

    def test_a_missing_variable_is_told_with_its_place_key_and_way_out(self, tmp_path: Path) -> None:
        (problem,) = told(tmp_path, SHOP.replace("SHOP_KEY", "SHOP_KEYS"))
        assert problem.startswith(
            "4:19: connectors.shop.api_secrets[0]: the environment variable SHOP_KEYS is not set"
        )
        assert "export SHOP_KEYS" in problem

    def test_a_wrong_value_from_elsewhere_is_shown_as_it_is_written(self, tmp_path: Path) -> None:
        (problem,) = told(tmp_path, "api: {port: '${PORT}'}", PORT="hunter2")
        assert "found '${PORT}'" in problem
        assert "hunter2" not in problem

    def test_a_placeholder_without_a_name_is_told(self, tmp_path: Path) -> None:
        (problem,) = told(tmp_path, "log: {level: '${}'}")
        assert "is no placeholder" in problem


class TestFiles:
    def test_file_is_what_stands_in_a_file(self, tmp_path: Path) -> None:
        write(tmp_path, f"{SECRET}\n", "secrets/shop")
        config = read(tmp_path, SHOP.replace("${SHOP_KEY}", "file:secrets/shop"))
        assert "whsec" not in repr(config.connectors["shop"].settings)

    def test_a_variable_may_name_the_file(self, tmp_path: Path) -> None:
        write(tmp_path, "value", "f")
        assert filled("${A}", tmp_path, A="file:f") == "value"
        assert filled("${A:-file:f}", tmp_path) == "value"

    def test_what_a_variable_names_may_be_a_part_of_a_text(self, tmp_path: Path) -> None:
        write(tmp_path, "pw\n", "f")
        assert filled("https://u:${A}@h", tmp_path, A="file:f") == "https://u:pw@h"

    def test_what_stands_in_a_file_is_not_looked_into(self, tmp_path: Path) -> None:
        write(tmp_path, "file:g${A}\n", "f")
        assert filled("file:f", tmp_path, A="x") == "file:g${A}"

    def test_a_url_is_no_file(self) -> None:
        assert filled("file:///x") == "file:///x"

    @pytest.mark.parametrize(
        ("content", "said"),
        [(None, "can't be read"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff", "not UTF-8")],
    )
    def test_a_file_that_is_no_secret_says_so(self, tmp_path: Path, content: bytes | None, said: str) -> None:
        if content is not None:
            (tmp_path / "shop").write_bytes(content)
        (problem,) = told(tmp_path, SHOP.replace("${SHOP_KEY}", "file:shop"))
        assert problem.startswith("4:19: connectors.shop.api_secrets[0]: the file 'shop' ")
        assert said in problem

    def test_a_file_that_is_too_large_is_not_read(self, tmp_path: Path) -> None:
        write(tmp_path, "x" * 70_000, "shop")
        (problem,) = told(tmp_path, SHOP.replace("${SHOP_KEY}", "file:shop"))
        assert "has more than 65,536 bytes" in problem


class TestValues:
    def test_a_file_of_values_fills_placeholders_nested_by_dots(self, tmp_path: Path) -> None:
        values = write(tmp_path, f"SHOP_KEY: {SECRET}\nstripe:\n  port: 9002\n", "prod.yaml")
        file = write(tmp_path, SHOP + "api: {port: '${stripe.port}'}\n")
        assert load_config(file, values=values, environ={}).sections.api.port == 9002

    def test_the_environment_goes_before_it(self, tmp_path: Path) -> None:
        values = write(tmp_path, "PORT: 1\n", "prod.yaml")
        file = write(tmp_path, "api: {port: '${PORT}'}\n")
        assert load_config(file, values=values, environ={"PORT": "2"}).sections.api.port == 2

    def test_the_environment_may_name_the_file(self, tmp_path: Path) -> None:
        values = write(tmp_path, "PORT: 3\n", "prod.yaml")
        file = write(tmp_path, "api: {port: '${PORT}'}\n")
        assert load_config(file, environ={"ORDERHUB_VALUES": str(values)}).sections.api.port == 3

    def test_what_is_missing_in_it_is_told_with_what_was_meant(self, tmp_path: Path) -> None:
        values = write(tmp_path, "api_port: 1\n", "prod.yaml")
        file = write(tmp_path, "api: {port: '${api_prt}'}\n")
        with pytest.raises(ConfigError) as refused:
            load_config(file, values=values, environ={})
        assert "prod.yaml" in str(refused.value)
        assert "did you mean api_port" in str(refused.value)

    @pytest.mark.parametrize("text", ["- a", "a: [1]", "just words"])
    def test_a_file_that_holds_none_is_told_so(self, tmp_path: Path, text: str) -> None:
        values = write(tmp_path, text, "prod.yaml")
        with pytest.raises(ConfigError, match=r"prod\.yaml:1:"):
            load_config(write(tmp_path, ""), values=values, environ={})
