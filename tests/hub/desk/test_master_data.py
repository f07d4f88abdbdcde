"""Master data from files: every row, or none and each problem with its place."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DocumentError, Problem
from hub.desk import master_data
from hub.desk.errors import ForbiddenError, InvalidError
from hub.desk.master_data import Kind
from hub.desk.table_files import FORMATS, FileRow, read_rows
from tests.hub.stage import ENGINEER, SUPPORT, VIEWER, Stage

CSV = b'sku,title,weight_g\nA-1,An item,100\n\nA-2,"Another, item",\n'
JSON = b'[\n {"sku": "A-1", "title": "An item", "weight_g": 100},\n {"sku": "A-2", "title": "Another, item"}\n]\n'
YAML = b"- sku: A-1\n  title: An item\n  weight_g: 100\n- sku: A-2\n  title: Another, item\n"


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", CSV), ("a.json", JSON), ("a.yaml", YAML), ("A.YML", YAML)]
)
async def test_each_format_says_the_same(hub: Stage, name: str, content: bytes) -> None:
    result = await master_data.import_file(hub.ctx, ENGINEER, Kind.ITEMS, name, content)
    assert (result.rows, result.new, result.changed, result.same) == (2, 2, 0, 0)
    again = await master_data.import_file(hub.ctx, ENGINEER, Kind.ITEMS, name, content)
    assert (again.new, again.changed, again.same) == (0, 0, 2)
    changed = content.replace(b"An item", b"A mended item")
    third = await master_data.import_file(hub.ctx, ENGINEER, Kind.ITEMS, name, changed)
    assert (third.new, third.changed, third.same) == (0, 1, 1)
    shown = await master_data.list_master_data(hub.ctx, VIEWER, Kind.ITEMS)
    assert [item["title"] for item in shown.items][:2] == ["A mended item", "Another, item"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "line 1: is empty"),
        ("a.csv", b"sku,sku\n", "line 1: sku: stands there twice"),
        ("a.csv", b"sku,title\nA,B,C\n", "line 2: has 3 cells"),
        ("a.csv", b"sku,colour\nA-1,red\n", "line 2: colour: 'red': is no column"),
        ("a.csv", b"title\nA\n", "line 2: sku: is missing"),
        ("a.csv", b"sku,weight_g\nA-1,heavy\n", "line 2: weight_g: 'heavy'"),
        ("a.csv", b"sku,weight_g\nA-1,-1\n", "line 2: weight_g: '-1'"),
        (
            "a.csv",
            b"sku\nA-1\nA-1\n",
            "line 3: sku: 'A-1': stands there twice: line 2",
        ),
        ("a.csv", b'sku\n"A\nB', "is no CSV"),
        ("a.csv", b"sku\nA\xff\n", "line 2: \"b'\\\\xff'\": is no UTF-8"),
        ("a.json", b"{}", "line 1: is an array"),
        ("a.json", b"[\n1]", "line 2: '1': is a row of names"),
        ("a.json", b'[\n{"sku":]', "line 2, column 8: is no JSON"),
        ("a.json", b'[{"sku":"A"}\n{"sku":"B"}]', "line 2: a comma"),
        ("a.json", b'[{"sku":"A"}', "a comma or ] is missing"),
        ("a.json", b'[\n{"sku":"A"},\n{"sku":7}]', "line 3: sku: '7'"),
        ("a.yaml", b"sku: A\n", "is a list of rows"),
        ("a.yaml", b"- sku: [\n", "is no YAML"),
        ("a.yaml", b"- sku: A\n- title: B\n", "line 2: sku: is missing"),
        ("a.txt", b"sku\nA\n", "has another ending"),
        ("a", b"sku\nA\n", "has another ending"),
    ],
)
async def test_a_bad_file_is_refused_with_its_line(hub: Stage, name: str, content: bytes, said: str) -> None:
    with pytest.raises(InvalidError) as refused:
        await master_data.import_file(hub.ctx, ENGINEER, Kind.ITEMS, name, content)
    assert said in str(refused.value)
    assert name in str(refused.value)
    assert await hub.rows("SELECT sku FROM items WHERE sku LIKE 'A%'") == []


async def test_every_problem_of_a_file_is_named_at_once(hub: Stage) -> None:
    with pytest.raises(InvalidError) as refused:
        await master_data.import_file(
            hub.ctx, ENGINEER, Kind.ITEMS, "a.csv", b"sku,weight_g\nA,x\nB,1\nC,y\n"
        )
    assert [problem.line for problem in refused.value.problems] == [2, 4]


async def test_a_reference_leads_to_an_item_that_is_there(hub: Stage) -> None:
    content = b"channel,reference,sku\nshop,101,MUG-1\nshop,102,NOPE\n"
    with pytest.raises(InvalidError, match="line 3: sku: 'NOPE'"):
        await master_data.import_file(hub.ctx, ENGINEER, Kind.REFERENCES, "r.csv", content)
    good = content.replace(b"NOPE", b"CUP-2")
    result = await master_data.import_file(hub.ctx, ENGINEER, Kind.REFERENCES, "r.csv", good)
    assert result.new == 2
    first = await master_data.list_master_data(hub.ctx, VIEWER, Kind.REFERENCES, limit=1)
    rest = await master_data.list_master_data(hub.ctx, VIEWER, Kind.REFERENCES, limit=1, cursor=first.next)
    assert [row["reference"] for row in (*first.items, *rest.items)] == ["101", "102"]
    assert rest.next is None
    await hub.placed("R-1", sku="101")


async def test_nodes_are_known_to_the_engine_at_once(hub: Stage) -> None:
    content = b"- id: attic\n  connector: wms\n  country: DE\n  methods: [standard, express]\n  priority: 5\n"
    await master_data.import_file(hub.ctx, ENGINEER, Kind.NODES, "n.yaml", content)
    assert hub.ctx.engine.world.nodes["attic"].methods == ("standard", "express")
    same = b"id,connector,country,methods,priority\nattic,wms,DE,standard; express,5\n"
    assert (await master_data.import_file(hub.ctx, ENGINEER, Kind.NODES, "n.csv", same)).same == 1
    with pytest.raises(InvalidError, match="the hub's own name"):
        await master_data.import_file(
            hub.ctx, ENGINEER, Kind.NODES, "n.csv", b"id,connector,country\n*,wms,DE\n"
        )


async def test_support_imports_nothing(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await master_data.import_file(hub.ctx, SUPPORT, Kind.ITEMS, "a.csv", CSV)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    content=st.one_of(st.binary(max_size=60), st.text(alphabet='[]{}",:-\n a1', max_size=60).map(str.encode))
)
def test_any_bytes_are_rows_or_a_problem_with_the_files_name(content: bytes) -> None:
    for file_format in FORMATS:
        rows: list[FileRow] = []
        problems: tuple[Problem, ...] = ()
        try:
            rows = read_rows("any", content, file_format)
        except DocumentError as error:
            problems = error.problems
        assert all(row.line >= 1 for row in rows)
        assert all(problem.source == "any" for problem in problems)
