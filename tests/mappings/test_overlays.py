"""Overlays, libraries and sets: what is built on what, and what changes when something does."""

import pytest

from mappings import InvalidMappingError, MappingError, MappingRegistry, MappingSet
from tests.mappings.shop import Line, Order, Person, environment, reading

BASE = reading(
    """
ref: {from: id, transform: [text, upper]}
note: note
buyer:
  from: customer
  fields: {name: name, email: mail}
lines:
  each: items
  when: "kind != 'gift'"
  fields: {sku: sku, number: {counter: 1}}
status: {from: state, table: states}
tags: [a, b]
""",
    "tables: {states: {source: guide, codes: {P: placed, X: paid}}}\ntests: [{input: a, expected: b}]",
)
RAW = b"""{"id": "a1", "oid": "b2", "note": "n", "state": "P", "a": "A", "b": "B",
 "customer": {"name": "Ann", "mail": "m"},
 "items": [{"sku": "s", "kind": "gift", "article": "art"}], "rows": [{"sku": "r", "article": "a-r"}]}"""


def load(*texts: str) -> MappingSet:
    return MappingRegistry(environment()).load({f"{chr(97 + i)}.yaml": text for i, text in enumerate(texts)})


def overlay(body: str, base: str = "m", name: str = "o") -> str:
    return f"overlay: {name}\nbase: {base}\nversion: 2\n{body}"


def read(body: str) -> Order:
    return load(BASE, overlay(body))["o"].read(RAW, expect=Order)


def wrong(*texts: str) -> str:
    with pytest.raises(InvalidMappingError) as caught:
        load(*texts)
    return str(caught.value)


def test_an_overlay_without_changes_is_its_base_by_another_name() -> None:
    loaded = load(BASE, overlay(""))
    assert set(loaded) == {"m", "o"}
    assert loaded["o"].read(RAW) == loaded["m"].read(RAW)
    assert (loaded["o"].version, loaded["m"].version) == ("2", "1")
    assert loaded["o"].digest != loaded["m"].digest


def test_a_new_source_keeps_the_transforms() -> None:
    assert read("change: {ref: oid}").ref == "B2"
    assert read("change: {ref: {from: oid, transform: null}}").ref == "b2"
    assert read("change: {ref: {value: x, transform: null}}").ref == "x"
    assert read("change: {ref: {transform: [text, {prefix: N}]}}").ref == "Na1"
    assert read("change: {note: {first_of: [missing, note]}}").note == "n"
    assert read("change: {tags: [b]}").tags == ("B",)


def test_nested_fields_are_changed_added_and_removed() -> None:
    body = """
change: {lines: {each: rows}, lines.sku: article, buyer.name: {transform: upper}}
add: {buyer.country: {value: FR}, total: {value: 5}, lines.quantity: {value: 3}}
remove: [buyer.email, note, lines.number]
"""
    order = read(body)
    assert order.lines == (Line(sku="a-r", quantity=3),)
    assert order.buyer == Person(name="ANN", country="FR")
    assert order.note is None
    assert order.total == 5


def test_a_condition_can_be_taken_away() -> None:
    assert [line.sku for line in read("change: {lines: {when: null}}").lines] == ["s"]


def test_fields_can_be_replaced_as_a_whole() -> None:
    assert read("change: {buyer: {fields: {name: mail}}}").buyer == Person(name="m")
    assert read("change: {buyer: {value: null}}").buyer is None


def test_tables_options_and_declarations_are_merged() -> None:
    body = """
tables: {states: {add: {P: paid, N: placed}, remove: [X], source: their list}, own: {source: s, codes: {a: b}}}
syntax: {max_bytes: 1000}
context: [who]
add: {total: {context: who}}
"""
    made = load(BASE, overlay(body))["o"]
    order = made.read(RAW, {"who": 7}, expect=Order)
    assert order.status.value == "paid"
    assert order.total == 7
    assert "no such code" in made.check(RAW.replace(b'"P"', b'"X"'))[0].reason
    assert "1,000 are agreed" in made.check(b" " * 2000)[0].reason


def test_overlays_can_be_built_on_overlays_and_never_change_their_base() -> None:
    second = overlay("change: {note: {value: second}}", base="o", name="p")
    loaded = load(BASE, overlay("change: {ref: oid, lines.sku: article}"), second)
    assert loaded["p"].read(RAW, expect=Order).ref == "B2"
    assert loaded["p"].read(RAW, expect=Order).note == "second"
    assert loaded["m"].read(RAW, expect=Order) == load(BASE)["m"].read(RAW)


def test_errors_name_the_file_that_said_it() -> None:
    loaded = load(BASE, overlay("change: {note: {transform: {decimal: {implied: 2}}}}"))
    (found,) = loaded["o"].check(RAW)
    assert str(found.mark) == "b.yaml:4:29"
    (found,) = loaded["o"].check(RAW.replace(b'"n"', b"null").replace(b'"P"', b'"Q"'))
    assert found.mark is not None
    assert found.mark.file == "a.yaml"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("change: {nte: x}", "b.yaml:4:10: the base has no field 'nte'; did you mean note?"),
        ("change: {buyer.nme: x}", "no field 'buyer.nme'; did you mean buyer.name or"),
        ("change: {byer.name: x}", "no field 'byer'; did you mean buyer?"),
        ("change: {ref.x: y}", "the field 'ref' of the base has no fields of its own"),
        ("add: {note: x}", "has a field 'note' already: put it under `change`"),
        ("add: {nobody.x: y}", "no field 'nobody'"),
        ("remove: [buyer.phone]", "no field 'buyer.phone'"),
        ("remove: [ref]", "Order.ref must be filled"),
        ("tables: {status: {add: {a: b}}}", "the base has no code table 'status'; did you mean states?"),
        ("tables: {states: {remove: [Q]}}", "the code table states has no code 'Q'"),
        ("tables: {states: {add: {a: placed}, drop: [P]}}", "a changed code table has no key 'drop'"),
        ("tables: {states: {add: {a: lost}}}", "makes 'lost' of 'a'"),
        ("fields: {}", "an overlay has no key 'fields'"),
        ("syntax: {indnt: true}", "no argument 'indnt'"),
    ],
)
def test_an_overlay_on_what_is_not_there_is_refused(body: str, reason: str) -> None:
    assert reason in wrong(BASE, overlay(body))


def test_bases_must_be_there_and_not_go_round() -> None:
    assert "there is no mapping 'n'; there is m, o" in wrong(BASE, overlay("", base="n"))
    assert "an overlay has a `base`" in wrong("overlay: o\nversion: 1")
    assert "o is built on itself" in wrong(overlay("", base="o"))
    assert "is built on itself" in wrong(overlay("", base="p"), overlay("", base="o", name="p"))
    assert "there is no mapping 'x'" in wrong(overlay("", base="x"), overlay("", base="o", name="p"))


def test_an_overlay_of_a_broken_base_is_no_second_error() -> None:
    broken = "mapping: m\nversion: 1\nreads: json\ntarget: Order"
    assert wrong(broken, overlay("change: {ref: oid}")).count("`fields` is missing") == 2


def test_what_is_wrong_with_a_base_is_told_once() -> None:
    assert wrong(BASE.replace("upper", "uper"), overlay("change: {note: b}")).count("'uper'") == 1


def test_a_base_without_tables_can_get_some() -> None:
    body = "tables: {t: {source: s, codes: {n: placed}}}\nadd: {status: {from: note, table: t}}"
    assert load(reading("ref: id"), overlay(body))["o"].read(RAW, expect=Order).status == "placed"


def test_names_are_unique() -> None:
    assert "there is a mapping or overlay 'm' in a.yaml already" in wrong(BASE, BASE)
    assert "there is a mapping or overlay 'm' in a.yaml already" in wrong(BASE, overlay("", name="m"))
    assert "there is a library 'shared' in a.yaml already" in wrong(LIBRARY, LIBRARY)


LIBRARY = "library: shared\ntables: {states: {source: guide, codes: {P: placed}}}"


def test_libraries_lend_their_tables() -> None:
    user = reading("ref: id\nstatus: {from: state, table: states}", "use: [shared]")
    loaded = load(user, LIBRARY)
    assert set(loaded) == {"m"}
    assert loaded["m"].read(RAW, expect=Order).status == "placed"
    assert loaded["m"].digest != load(user, LIBRARY.replace("P: placed", "P: paid"))["m"].digest
    own = reading(
        "ref: id\nstatus: {from: state, table: states}",
        "use: [shared]\ntables: {states: {source: s, codes: {P: paid}}}",
    )
    assert load(own, LIBRARY)["m"].read(RAW, expect=Order).status == "paid"
    twice = LIBRARY.replace("shared", "other")
    assert "two of these libraries have a code table 'states'" in wrong(
        user.replace("[shared]", "[shared, other]"), LIBRARY, twice
    )


def test_an_overlay_adds_to_the_tables_that_its_base_borrows() -> None:
    user = reading("ref: id\nstatus: {from: state, table: states}", "use: [shared]")
    paid = overlay("tables: {states: {add: {X: paid}}}")
    loaded = load(user, LIBRARY, paid, overlay("tables: {states: {remove: [P]}}", base="o", name="p"))
    assert loaded["o"].read(RAW, expect=Order).status == "placed"
    assert loaded["o"].read(RAW.replace(b'"P"', b'"X"'), expect=Order).status == "paid"
    assert loaded["p"].read(RAW.replace(b'"P"', b'"X"'), expect=Order).status == "paid"
    with pytest.raises(MappingError, match="states has no such code"):
        loaded["p"].read(RAW)
    with pytest.raises(MappingError, match="states has no such code"):
        loaded["m"].read(RAW.replace(b'"P"', b'"X"'))
    wanted = overlay("tables: {status: {add: {X: paid}}}")
    assert "did you mean states?" in wrong(user, LIBRARY, wanted)


def test_the_version_is_the_hash_of_what_is_said() -> None:
    loaded = load(BASE)
    assert load(f"# a remark\n{BASE}\n").version == loaded.version
    assert load(BASE.replace("note: note", "note: text")).version != loaded.version
    assert len(loaded.version) == 64
    assert load().version == load().version


def test_a_set_is_a_mapping_that_never_changes() -> None:
    loaded = load(BASE)
    assert dict(loaded) == {"m": loaded["m"]}
    assert len(loaded) == 1
    with pytest.raises(KeyError, match="there is no mapping 'mm'; did you mean m"):
        loaded["mm"]
    with pytest.raises(AttributeError):
        loaded.version = "x"  # type: ignore[misc]


def test_warnings_do_not_keep_a_set_from_loading() -> None:
    loaded = load(reading("ref: r\nstatus: s"))
    assert ["one of a closed list" in str(found) for found in loaded.warnings] == [True]


def test_one_broken_file_keeps_the_whole_set_from_loading() -> None:
    found = wrong(BASE, "a: [", reading("x: y").replace("mapping: m", "mapping: n"))
    assert "b.yaml:1" in found
    assert "Order has no field 'x'" in found
