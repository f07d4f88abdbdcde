import re

import pytest

from canonical.events import EVENTS, DeadlinePassed, Event, OrderPlaced, PaymentAuthorised, StockArrived
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import OrderType
from canonical.steps import Steps
from routes.catalogue import RULES
from routes.reading import WorkflowError, WorkflowProblem
from routes.rules import Rule, moment, rule
from routes.workflow import WORKFLOW_FILE, Workflow, parse_workflow
from tests.routes.world import NOON, ORDER_ID, WORKFLOW, World, line, placed, stock


@rule(OrderPlaced)
def welcome(order: Order, event: OrderPlaced, policy: Policy) -> Steps:
    """Say hello."""
    yield from ()


@rule(PaymentAuthorised)
def thank(order: Order, event: PaymentAuthorised, policy: Policy) -> Steps:
    """Say thank you."""
    yield from ()


@rule(Event)
def look(order: Order, event: Event, policy: Policy) -> Steps:
    """Look at the order."""
    yield from ()


THREE = (welcome, thank, look)
GOOD = """\
sequences:
  all: [look]
types:
  standard:
    OrderPlaced: [welcome, all]
    PaymentAuthorised: [thank]
"""


def parse(text: str) -> Workflow:
    return parse_workflow(text, THREE)


def problems(text: str) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        parse(text)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return [str(problem).removeprefix("workflow.yaml:") for problem in caught.value.problems]


def bound(workflow: Workflow, event: Event, channel: str = "webstore") -> list[str]:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A"), channel=channel))
    return [rule.__name__ for rule in workflow.rules_for(event, w.order)]


ORDER_PLACED = placed(line("1", "A"))
ARRIVED = StockArrived(order_id=ORDER_ID, sku="A")


def test_rules_answer_in_their_order_and_sequences_are_written_out() -> None:
    assert bound(parse(GOOD), ORDER_PLACED) == ["welcome", "look"]


def test_a_workflow_needs_no_sequences() -> None:
    text = GOOD.replace("sequences:\n  all: [look]\n", "").replace("all]", "look]")
    assert bound(parse(text), ORDER_PLACED) == ["welcome", "look"]


def test_an_event_without_rules_has_none() -> None:
    assert bound(parse(GOOD), ARRIVED) == []


def test_a_channel_may_replace_an_events_rules() -> None:
    workflow = parse(GOOD + "channels:\n  till:\n    standard:\n      OrderPlaced: [look]\n")
    assert bound(workflow, ORDER_PLACED, "till") == ["look"]
    assert bound(workflow, ORDER_PLACED, "webstore") == ["welcome", "look"]


def test_a_channel_may_take_rules_away_and_put_others_around() -> None:
    change = "{without: [welcome, all], first: [look], last: [welcome]}"
    workflow = parse(GOOD + f"channels:\n  till:\n    standard:\n      OrderPlaced: {change}\n")
    assert bound(workflow, ORDER_PLACED, "till") == ["look", "welcome"]


def test_a_channel_may_answer_what_the_type_does_not() -> None:
    workflow = parse(GOOD + "channels:\n  till:\n    standard:\n      StockArrived: {last: [look]}\n")
    assert bound(workflow, ARRIVED, "till") == ["look"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("OrderPlaced:", "OrderPlacd:", "5:5: there is no event 'OrderPlacd'; did you mean 'OrderPlaced'?"),
        (
            "[welcome, all]",
            "[welcom, all]",
            "5:19: there is no rule or sequence 'welcom'; did you mean 'welcome'?",
        ),
        ("[thank]", "[thank, xyzzy]", "6:32: there is no rule or sequence 'xyzzy'"),
        (
            "[thank]",
            "[thank, welcome]",
            "6:32: the rule 'welcome' answers to OrderPlaced, not to PaymentAuthorised",
        ),
        ("[thank]", "[thank, thank]", "6:32: the rule 'thank' is bound twice to PaymentAuthorised"),
        ("[welcome, all]", "[welcome, look, all]", "5:34: the rule 'look' is bound twice to OrderPlaced"),
        ("[thank]", "[]", "3:1: the rule 'thank' is bound to no event: it can never run"),
        ("[welcome, all]", "[welcome, look]", "2:3: the sequence 'all' is used nowhere"),
        ("  all:", "  look:", "2:3: a rule is called 'look' too: call the sequence something else"),
        ("standard:", "standrad:", "4:3: there is no order type 'standrad'; did you mean 'standard'?"),
        ("[thank]", "thank", "6:24: here belongs a list of rules"),
        ("[thank]", "[thank, [look]]", "6:32: here belongs the name of a rule or a sequence"),
        ("[thank]", "[thank, '']", "6:32: here belongs the name of a rule or a sequence"),
        ("types:", "kinds:", "1:1: `types` is missing: it binds events to rules for each type of order"),
        ("types:", "typs:", "3:1: a workflow has no 'typs'; did you mean 'types'?"),
        ("sequences:\n  all: [look]", "sequences: [look]", "1:12: `sequences` is written as `name: value`"),
        (
            "[thank]",
            "[thank]\n    PaymentAuthorised: [look]",
            "7:5: 'PaymentAuthorised' comes twice in an order type",
        ),
        ("[thank]", "[thank]\n    [a]: [look]", "7:5: a name in an order type is a plain text"),
    ],
)
def test_every_mistake_is_told_with_its_place_and_what_was_meant(
    before: str, after: str, expected: str
) -> None:
    assert before in GOOD
    assert expected in problems(GOOD.replace(before, after, 1))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("{frist: [look]}", "10:21: a change of an event's rules has no 'frist'; did you mean 'first'?"),
        ("{last: [look]}", "10:20: the rule 'look' is bound twice to OrderPlaced"),
        (
            "{first: [look], last: [look], without: [all]}",
            "10:20: the rule 'look' is bound twice to OrderPlaced",
        ),
        ("{without: [thank]}", "10:30: 'thank' is not bound to OrderPlaced anyway"),
    ],
)
def test_mistakes_in_a_channels_changes_are_told_too(change: str, expected: str) -> None:
    text = f"{GOOD}channels:\n  till:\n    standard:\n      OrderPlaced: {change}\n"
    assert expected in problems(text)


def test_all_mistakes_are_told_at_once() -> None:
    text = GOOD.replace("OrderPlaced", "OrderPlacd").replace("[thank]", "[thnk]")
    assert len(problems(text)) > 2


def test_a_channel_of_an_unknown_type_is_told() -> None:
    assert "9:5: there is no order type 'other'" in problems(GOOD + "channels:\n  till:\n    other: {}\n")


def test_an_order_type_without_rules_is_told() -> None:
    assert "3:1: no rules are bound for orders of type 'standard'" in problems(
        GOOD.replace("standard", "stndrd")
    )


def test_an_empty_file_is_told() -> None:
    assert problems("# nothing\n") == ["1:1: the workflow is empty: it needs `types`"]


@pytest.mark.parametrize(("text", "line"), [("types: [", 1), ("a: b\n c: d\n", 2), ("\x07", 1)])
def test_what_is_not_yaml_is_told_with_its_place(text: str, line: int) -> None:
    (problem,) = problems(text)
    assert "this is not YAML" in problem
    assert re.match(rf"{line}:\d+: ", problem)


def test_problems_are_in_the_order_of_their_lines() -> None:
    one, two = WorkflowProblem("f", 9, 1, "later"), WorkflowProblem("f", 2, 5, "earlier")
    assert [p.reason for p in WorkflowError([one, two, one]).problems] == ["earlier", "later"]


# --- the workflow that the hub comes with ---------------------------------------------------------------------------


def test_the_hubs_workflow_is_without_problems() -> None:
    workflow = parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES)
    assert set(workflow.types) == set(OrderType)


def test_every_rule_reads_as_a_sentence_under_a_name_of_its_own() -> None:
    names = [rule.__name__ for rule in RULES]
    assert len(names) == len(set(names))
    for known in RULES:
        assert known.sentence.endswith("."), known
        assert known.events


def test_events_without_rules_are_only_recorded() -> None:
    silent = {event.__name__ for event in EVENTS} - {
        event.__name__ for answers in WORKFLOW.types.values() for event in answers
    }
    assert silent == {
        "RowsMoved", "StockReserved", "PaymentRequested", "CaptureRequested", "VoidRequested", "RefundRequested",
        "ReleaseRequested", "ReleaseCancelRequested", "NoteAdded", "StepRefused",
        "ReleaseSubmitted", "LabelRequested", "LabelVoided", "CollectionCancelled", "ManifestClosed",
        "FraudScreeningRequested", "FraudCleared", "FraudRejected", "FraudReviewNeeded",
        "PurchaseRequested", "PurchaseChangeRequested", "InvoiceAwaitsGoods", "InvoiceDoubted",
    }  # fmt: skip


def test_a_rule_says_what_it_understands() -> None:
    assert welcome.understands(OrderPlaced)
    assert not welcome.understands(StockArrived)
    assert look.understands(StockArrived)
    assert isinstance(look, Rule)
    assert repr(look) == "<rule look>"


def test_a_rule_without_a_sentence_has_none() -> None:
    def silent(order: Order, event: Event, policy: Policy) -> Steps:
        yield from ()

    assert rule(Event)(silent).sentence == ""


def test_the_moment_of_an_event_is_when_it_was_recorded() -> None:
    w = World(stock({}))
    w.tell(ORDER_PLACED)
    event = DeadlinePassed(order_id=ORDER_ID, name="x")
    assert moment(w.order, event) == w.order.placed_at == NOON
    later = NOON.replace(hour=13)
    assert moment(w.order, event.replace(occurred_at=later)) == later
    assert moment(w.order, event.replace(occurred_at=later, recorded_at=NOON)) == NOON
