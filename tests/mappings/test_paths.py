"""Paths: plain ones are closures of ours, and find what the libraries find."""

from typing import cast

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from canonical.money import Money
from mappings.data import Data
from mappings.engine.context_paths import context_path
from mappings.engine.jmes import Jmes
from mappings.engine.jmes_plain import parse_plain
from mappings.engine.scope import Scope
from mappings.engine.xpath_plain import Frame
from mappings.engine.xpath_plain import parse_plain as parse_plain_xpath
from mappings.engine.xpaths import XPaths
from mappings.errors import Refusal
from mappings.syntax.json_places import JsonWire
from mappings.syntax.xml import XmlSyntax
from mappings.syntax.xml_places import Element, XmlPlace
from tests.mappings.shop import Line, Order, Person

keys = st.sampled_from("abc")
trees = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["", "x", "*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=15,
)
steps = keys | st.sampled_from(["[0]", "[-1]", "[2]", "[*]", '"a"'])


@st.composite
def paths(draw: st.DrawFn) -> str:
    text = draw(keys | st.sampled_from(["[0]", "[*]", "@"]))
    for step in draw(st.lists(steps, max_size=4)) if text != "@" else []:
        text += step if step.startswith("[") else f".{step}"
    return text


def find(path: str, node: Data, *, models: bool = False) -> Data:
    language = Jmes(keep_blank=True, models=models)
    entered = language.enter(node)
    return language.path(path).get(entered, Scope.start(entered, {}))


@settings(deadline=None)
@given(paths(), trees)
def test_plain_paths_find_what_jmespath_finds(path: str, tree: Data) -> None:
    expected = jmespath.search(path, tree)
    assert find(path, tree) == expected
    if expected is not None or "[" not in path:
        assert find(path, tree, models=True) == expected


def test_most_paths_are_plain() -> None:
    assert parse_plain("a") == ("a",)
    assert parse_plain(' a."b c"[0][-1].d ') == ("a", "b c", 0, -1, "d")
    assert parse_plain("a[*].b") == ("a", "*", "b")
    assert parse_plain("@") == ()
    for other in (
        "a[*].b[*]",
        "a[?b]",
        "a | b",
        "a.*",
        "length(a)",
        '"*"',
        "a[]",
        "a.",
        "",
        "[a]",
        '"\\u00e4"',
    ):
        assert parse_plain(other) is None


def test_the_library_is_asked_for_the_rest() -> None:
    tree = {"a": [{"t": "x", "v": 1}, {"t": "y", "v": 2}]}
    assert find("a[?t=='y'].v | [0]", tree) == 2
    assert find("length(a)", tree) == 2
    assert find("a[0:1].v", tree) == [1]
    assert find("a[*].v[*]", tree) == []
    assert find("max_by(a, &v).t", {"a": [{"t": "x", "v": 1}]}) == "x"
    assert (
        find("sort_by(lines, &sku)[0].sku", Order(ref="1", lines=(Line(sku="b"), Line(sku="a"))), models=True)
        == "a"
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a[", "expression"),
        ("sum(a)", "`sum` as a transform"),
        ("a[?to_number(b) > `1`]", "isn't exact"),
        ("a[?b > `1.5`]", "1.5 isn't exact"),
        ("lenght(a)", "did you mean length?"),
        ("length(a, b)", "takes 1 arguments, not 2"),
        ("merge()", "takes 1 arguments, not 0"),
        ("$x", "after `$`"),
        ("^^x", "after `$`"),
        ("(" * 500 + "a" + ")" * 500, "nested too deep"),
    ],
)
def test_paths_that_can_not_work_are_refused(path: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        Jmes().path(path)
    assert reason.lower() in str(caught.value).lower()


def test_variadic_functions_take_more() -> None:
    assert find("merge(a, b, c)", {"a": {"x": 1}, "b": {"y": 2}, "c": {}}) == {"x": 1, "y": 2}
    assert find("not_null(a, b)", {"b": 1}) == 1


@pytest.mark.parametrize("path", ["length(a)", "sort_by(b, &c)", "max(b)", "a < 'x'"])
def test_what_fails_in_the_library_is_a_refusal(path: str) -> None:
    with pytest.raises(Refusal, match="the path fails here"):
        find(path, {"a": 1, "b": [{"c": 1}, {"c": "x"}]})


def test_paths_can_start_further_out() -> None:
    language = Jmes()
    root = Scope.start({"a": 1, "b": {"c": [2]}}, {})
    inner = Scope(root.node["b"], root, 0)
    innermost = Scope(2, inner, 0)
    assert language.path("$.a").get(2, innermost) == 1
    assert language.path("$").get(2, innermost) == root.node
    assert language.path("^.c").get(2, innermost) == [2]
    assert language.path("^^.a").get(2, innermost) == 1
    assert language.path("^.c[0]").get(2, innermost) == 2
    assert language.path("$ == `1`").get(2, innermost) is False
    assert not language.path("^.c").local
    with pytest.raises(Refusal, match="further out than the document"):
        language.path("^^^.a").get(2, innermost)


@pytest.mark.parametrize("value", ["", "  ", "\t\n"])
def test_blank_texts_are_missing_values(value: str) -> None:
    scope = Scope.start({"a": value}, {})
    assert Jmes().path("a").get(scope.node, scope) is None
    assert Jmes(keep_blank=True).path("a").get(scope.node, scope) == value


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("a == 'x'", True), ("a != 'x'", False), ("b.c == 'x'", False), ("b.c != 'x'", True), ("$.a == 'x'", True),
        ("a", True), ("missing", False), ("empty", False), ("zero", True), ("no", False), ("none", False),
        ("!no", True),
        ("a == 'x' && zero == `0`", True), ("length(list) > `1`", True), ("list[*].q == 'x'", False),
        ("nothing[0]", False),
    ],
)  # fmt: skip
def test_conditions_are_those_of_jmespath(condition: str, holds: bool) -> None:
    node = {"a": "x", "zero": 0, "no": False, "none": None, "empty": [], "list": [1, 2], "nothing": {}}
    scope = Scope.start(node, {})
    assert Jmes().condition(condition).get(node, scope) is holds


def test_models_are_read_like_trees() -> None:
    order = Order(ref="1", lines=(Line(sku="a", quantity=2), Line(sku="b")), buyer=Person(name="Ann"))
    assert find("lines[-1].sku", order, models=True) == "b"
    assert find("lines[*].quantity", order, models=True) == [2, 1]
    assert find("buyer.name", order, models=True) == "Ann"
    assert find("buyer.name.x", order, models=True) is None
    assert find("buyer[0]", order, models=True) is None
    assert find("ref", order, models=True) == "1"
    assert find("lines[?sku=='a'].quantity | [0]", order, models=True) == 2
    assert find("a[0]", {"a": {"z", "y"}}, models=True) == "y"
    assert find("[a.amount, 'x'][1]", {"a": Money.of(1, "GBP")}, models=True) == "x"


def test_places_are_those_in_the_document() -> None:
    text = '{"a": [{"b": 1}, {"b": 2}], "c": {"d": [{"e": 5}]}}'
    tree: dict[str, Data] = {"a": [{"b": 1}, {"b": 2}], "c": {"d": [{"e": 5}]}}
    wire = JsonWire(tree, text)
    scope = Scope.start(tree, {}, ())
    inner = Scope(tree["c"], scope, 0, ("c",))

    def name(path: str, at: Scope = scope) -> str:
        return Jmes().path(path).locate(at, wire)[0]

    assert name("a[-1].b") == "a[1].b"
    assert name("a[7].b") == "a[7].b"
    assert name("a[*].b") == "a[*].b"
    assert name("d[0].e", inner) == "c.d[0].e"
    assert name("$.a", inner) == "a"
    assert name("a[?b==`2`]") == "a[?b==`2`]"
    assert name("d[?e]", inner) == "c → d[?e]"
    second = Jmes().path("a[?b==`2`]")
    assert second.places(scope, cast("list[Data]", second.get(tree, scope))) == [("a", 1)]
    assert second.places(scope, [5]) == [()]
    assert Jmes().path("a[?b==`2`] | [0]").place(scope) == ("a", 1)
    assert Jmes().path("a").places(scope, tree["a"]) == [("a", 0), ("a", 1)]


def test_what_the_caller_says_has_plain_paths() -> None:
    scope = Scope.start(None, {"party": Person(name="Ann"), "zone": "UTC", "blank": " "})
    assert context_path("party.name").get(None, scope) == "Ann"
    assert context_path("zone").get(None, scope) == "UTC"
    assert context_path("blank").get(None, scope) is None
    assert context_path("other").get(None, scope) is None
    assert context_path("party").go(None, scope)["name"] == "Ann"
    assert context_path("party").places(scope, [1]) == [("context", "party", 0)]
    for wrong in ("a[*].b", "length(a)", "[0]", "@", "$.a"):
        with pytest.raises(ValueError, match="no plain path"):
            context_path(wrong)


# ---- XPath ----------------------------------------------------------------------------------------------------

tags = st.sampled_from("abc")
elements = st.recursive(
    st.builds(lambda tag, text: f"<{tag} k='v'>{text}</{tag}>", tags, st.sampled_from(["", " ", "1", " 2 "])),
    lambda inner: st.builds(
        lambda tag, children: f"<{tag}>{''.join(children)}</{tag}>", tags, st.lists(inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(
    elements.map(lambda text: f"<r k='1'>{text}{text}</r>") | elements,
    st.lists(tags, min_size=1, max_size=3),
    st.sampled_from(["", "/@k", "/r", "/."]),
    st.booleans(),
)
def test_plain_paths_find_what_xpath_finds(raw: str, names: list[str], end: str, absolute: bool) -> None:
    root = etree.fromstring(raw)
    path = ("/" if absolute else "") + "/".join(names) + end
    scope = Scope.start(Frame(root), {}, XmlPlace(root))
    compiled = XPaths({}, keep_blank=True).path(path)
    found = cast("list[Element | str]", root.xpath(path))
    first = found[0] if found else None
    if isinstance(first, str) or first is None:
        assert compiled.get(scope.node, scope) == (first.strip() if first else first)
    elif len(first):
        with pytest.raises(Refusal, match="holds other elements"):
            compiled.get(scope.node, scope)
    else:
        assert compiled.get(scope.node, scope) == (first.text or "").strip()
    if not end.endswith("@k"):
        many = compiled.many(scope.node, scope) or []
        assert [frame.element for frame in many] == found
        into = compiled.go(scope.node, scope)
        assert (into.element if into else None) is first


def xml(raw: str) -> Scope:
    root = etree.fromstring(raw)
    return Scope.start(Frame(root), {}, XmlPlace(root))


def xpath(path: str, raw: str, **prefixes: str) -> Data:
    scope = xml(raw)
    return XPaths(prefixes).path(path).get(scope.node, scope)


def test_values_of_xpath_are_texts_whole_numbers_and_truths() -> None:
    raw = "<a><b t='1'> x </b><b t='2'/><c> </c></a>"
    assert xpath("b", raw) == "x"
    assert xpath("b[@t='2']", raw) is None
    assert xpath("c", raw) is None
    assert xpath("d", raw) is None
    assert xpath("b/@t", raw) == "1"
    assert xpath("b/@u", raw) is None
    assert xpath("count(b)", raw) == 2
    assert xpath("number(b)", raw) is None
    assert xpath("b/@t = '2'", raw) is True
    assert xpath("string(b)", raw) == "x"
    assert xpath("b/text()", raw) == "x"
    assert xpath(".", "<a> 1 </a>") == "1"
    assert xpath("/x/b", raw) is None
    assert xpath("/a/@k", "<a k='1'/>") == "1"
    with pytest.raises(Refusal, match="floats"):
        xpath("count(b) div 4", raw)
    with pytest.raises(Refusal, match="holds other elements"):
        xpath("/a", raw)


def test_namespaces_need_prefixes() -> None:
    raw = "<a xmlns='urn:x'><b>1</b><c xmlns='urn:y'>2</c></a>"
    assert xpath("x:b", raw, x="urn:x", y="urn:y") == "1"
    assert xpath("/x:a/y:c", raw, x="urn:x", y="urn:y") == "2"
    assert xpath("b", raw) is None
    with pytest.raises(ValueError, match=r"prefix.*declared: x"):
        xpath("z:b", raw, x="urn:x")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a[", "Invalid"),
        ("$.a", "XPath has no"),
        ("^.a", "XPath has no"),
        ("nonsense()", "function"),
        ("/", ""),
    ],
)
def test_wrong_xpaths_are_refused(path: str, reason: str) -> None:
    if path == "/":
        assert parse_plain_xpath(path, {}) is None
        return
    with pytest.raises(ValueError, match=reason):
        XPaths({}).path(path)


def test_operators_are_no_names() -> None:
    assert parse_plain_xpath("a/div", {}) is None
    assert parse_plain_xpath("/@k", {}) is None
    assert parse_plain_xpath("@k/a", {}) is None


def test_xpath_conditions_are_booleans() -> None:
    scope = xml("<a n='3'><b/></a>")
    for condition, holds in {"b": True, "c": False, "@n > 2": True, "@n = '4'": False, "0": False}.items():
        assert XPaths({}).condition(condition).get(scope.node, scope) is holds
    with pytest.raises(ValueError, match="Invalid"):
        XPaths({}).condition("b and")


def test_an_element_itself_can_be_had() -> None:
    scope = xml("<a><b><c/></b></a>")
    assert XPaths({}).node("b").get(scope.node, scope).tag == "b"
    assert XPaths({}).node("x").get(scope.node, scope) is None
    assert XPaths({}).node("/a/b[c]").get(scope.node, scope).tag == "b"


def test_attributes_and_texts_can_be_repeated_over() -> None:
    scope = xml("<a><b k='1'/><b k='2'/></a>")
    items = XPaths({}).path("b/@k").many(scope.node, scope)
    itself = XPaths({}).path(".")
    assert [itself.get(item, scope) for item in items] == ["1", "2"]
    places = XPaths({}).path("b/@k").places(scope, items)
    assert [place.rest for place in places] == ["b/@k", "b/@k"]
    assert XPaths({}).path("b/@k").go(scope.node, scope) is None
    assert XPaths({}).path("x/b").many(scope.node, scope) is None
    assert [frame.element.tag for frame in XPaths({}).path(".").many(scope.node, scope)] == ["a"]
    with pytest.raises(Refusal, match="nothing to repeat over"):
        XPaths({}).path("count(b)").many(scope.node, scope)


def test_xml_places_go_as_far_as_there_are_elements() -> None:
    wire = XmlSyntax().read(b"<a>\n<b><c>1</c></b>\n<b/></a>")
    scope = Scope.start(Frame(wire.root), {}, XmlPlace(wire.root))
    language = XPaths({})

    def name(path: str) -> str:
        return language.path(path).locate(scope, wire)[0]

    assert name("b/c") == "/a/b[1]/c"
    assert name("b/x/y") == "/a/b[1]/x/y"
    assert name("b/@k") == "/a/b[1]/@k"
    assert name("/a/b/c") == "/a/b[1]/c"
    assert name("/z/b") == "/z/b"
    assert name("b[2]") == "/a/b[2]"
    assert name("b[3]") == "/a/b[3]"
    assert name("count(b)") == "/a/count(b)"
