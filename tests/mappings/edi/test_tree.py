"""A set as a tree: elements by number, loops by their grammar, levels under their parents."""

from tests.mappings.edi.files import ORDER, ORDERS, UNB, edifact, group, message, order, x12
from tests.mappings.edi.trees import packaged, tree_of, trees_in

LEVELS = (
    "BSN*00*S-1*20261120*0930", "HL*1**S", "TD5**2*UPSN", "HL*2*1*O", "PRF*PO-1", "HL*3*2*I", "LIN**VN*CUP",
    "HL*4*2*I", "LIN**VN*POT", "HL*5*1*O", "PRF*PO-2", "CTT*5",
)  # fmt: skip


def ship_notice(*segments: str) -> bytes:
    return x12(*group(*order(*segments))).replace(b"ST*850", b"ST*856").replace(b"GS*PO", b"GS*SH")


def test_elements_are_texts_by_their_number() -> None:
    assert tree_of(ORDER, packaged())["BEG"] == {"01": "00", "02": "SA", "03": "PO-1", "05": "20261120"}


def test_a_tree_says_what_it_is_and_who_sent_it() -> None:
    tree = tree_of(ORDER)
    assert (tree["type"], tree["version"], tree["control"]) == ("850", "004010", "0001")
    assert tree["interchange"] == {
        "standard": "x12", "sender": "ACME", "sender_qualifier": "ZZ", "receiver": "HUB", "receiver_qualifier": "ZZ",
        "control": "000000007", "date": "261120", "time": "0930", "test": False,
    }  # fmt: skip
    assert tree["group"] == {
        "type": "PO", "control": "7", "sender": "ACME", "receiver": "HUB", "version": "004010",
    }  # fmt: skip
    assert tree_of(ORDERS)["interchange"]["sender_qualifier"] == "14"


def test_with_a_grammar_loops_hold_their_segments() -> None:
    raw = x12(
        *group(*order("BEG*00*SA*PO-1**20261120", "N1*ST*A", "N3*1 Way", "PO1*1*5*EA*9.95", "PO1*2*1*EA*1"))
    )
    tree = tree_of(raw, packaged())
    assert tree["N1"] == [{"N1": {"01": "ST", "02": "A"}, "N3": [{"01": "1 Way"}]}]
    assert [line["PO1"]["02"] for line in tree["PO1"]] == ["5", "1"]


def test_without_a_grammar_every_segment_is_in_a_list() -> None:
    tree = tree_of(ORDER)
    assert tree["BEG"] == [{"01": "00", "02": "SA", "03": "PO-1", "05": "20261120"}]
    assert tree["ST"] == {"01": "850", "02": "0001"}


def test_what_may_stand_once_and_comes_twice_leaves_the_first_where_it_is() -> None:
    raw = x12(*group(*order("BEG*00*SA*PO-1**20261120", "BEG*00*SA*PO-2**20261120")))
    (tree,) = trees_in(raw, packaged())
    assert tree.root["BEG"]["03"] == "PO-1"
    assert tree.root["BEG_more"][0]["03"] == "PO-2"
    assert tree.faults


def test_components_have_the_number_of_their_element_and_their_own() -> None:
    tree = tree_of(edifact(*message("BGM+220+PO-1", "DTM+137:20261120:102", "FTX+AAI+++a?:b:c")), packaged())
    assert tree["DTM"] == [{"01": "137", "01_2": "20261120", "01_3": "102"}]
    assert tree["FTX"] == [{"01": "AAI", "04": "a:b", "04_2": "c"}]
    assert tree["BGM"] == {"01": "220", "02": "PO-1"}


def test_repetitions_are_all_there() -> None:
    raw = edifact(*message("PIA+1+A:SA*B:IN"), unb=UNB.replace("UNOC:3", "UNOC:4"))
    assert tree_of(raw)["PIA"] == [
        {"01": "1", "02": "A", "02_2": "SA", "02_all": [{"01": "A", "02": "SA"}, {"01": "B", "02": "IN"}]}
    ]


def test_groups_of_edifact_are_lists() -> None:
    tree = tree_of(ORDERS, packaged())
    assert tree["SG25"] == [
        {"LIN": {"01": "1", "03": "4000862141404", "03_2": "EN"}, "QTY": [{"01": "21", "01_2": "5"}]}
    ]


def test_levels_stand_under_the_parents_that_they_name() -> None:
    for shapes in (packaged(), None):
        tree = tree_of(ship_notice(*LEVELS), shapes)
        (shipment,) = tree["HL_S"]
        assert [level["HL"]["01"] for level in shipment["HL_O"]] == ["2", "5"]
        assert [level["HL"]["01"] for level in shipment["HL_O"][0]["HL_I"]] == ["3", "4"]
        assert "CTT" in tree


def test_a_level_whose_parent_is_not_there_is_a_fault() -> None:
    (tree,) = trees_in(ship_notice("BSN*00*S-1*20261120*0930", "HL*1*7*S"))
    assert [(fault.code, fault.position.element) for fault in tree.faults] == [("HL02-unknown", 2)]
    assert tree.root["HL_S"]


def test_every_node_knows_its_segment() -> None:
    (tree,) = trees_in(ORDER, packaged())
    spot = tree.spots[id(tree.root["BEG"])]
    assert (spot.segment.fields[3], spot.number) == ("PO-1", 2)
