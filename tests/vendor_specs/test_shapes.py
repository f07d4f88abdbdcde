"""Examples that are learnt from, and what differs from them."""

from tests.vendor_specs.shapes import Shapes


def learnt() -> Shapes:
    shapes = Shapes("object")
    shapes.learn({"object": "Cup", "id": "c1", "price": 1.5, "seal": None, "box": {"depth": 1}}, "it")
    shapes.learn({"cups": [{"object": "Cup", "id": "c2", "price": None, "sold": False}], "more": True}, "it")
    return shapes


def test_what_examples_show_is_nothing_to_speak_of() -> None:
    cup = {"object": "Cup", "id": "c3", "price": 2, "seal": {"any": "thing"}, "box": {"depth": 1.5}}
    assert list(learnt().problems(cup, "it")) == []
    assert list(learnt().problems({"cups": [cup], "more": None}, "it")) == []


def test_a_field_that_no_example_has_is_found_however_deep() -> None:
    cups = {"cups": [{"object": "Cup", "colour": "red", "box": {"height": 2}}]}
    assert list(learnt().problems(cups, "it")) == [
        "Cup: the field 'colour' is not known",
        "box: the field 'height' is not known",
    ]


def test_another_type_is_found_and_a_truth_value_is_no_number() -> None:
    cup = {"object": "Cup", "id": 3, "price": True, "sold": "no"}
    assert list(learnt().problems(cup, "it")) == [
        "Cup.id: number, where examples have text",
        "Cup.price: truth value, where examples have null or number",
        "Cup.sold: text, where examples have truth value",
    ]


def test_a_kind_that_no_example_is_of_is_found() -> None:
    assert list(learnt().problems({"object": "Plate"}, "it")) == ["it: no example has a Plate"]


def test_without_kinds_an_object_is_what_its_place_says() -> None:
    shapes = Shapes(None)
    shapes.learn({"cup": {"id": 1}}, "it")
    assert list(shapes.problems({"cup": {"id": "1"}}, "it")) == ["cup.id: text, where examples have number"]
