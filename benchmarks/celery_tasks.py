"""The benchmark's steps as Celery tasks, as its users write them: late acknowledgement, a transaction per task.

The worker is started by `celery_chain.py`, which says where broker, database and queue are by the environment.
"""

import json
import os
from typing import Any

import psycopg
from celery import Celery
from kombu import Queue
from uuid_utils.compat import uuid7

from benchmarks.rows import STEPS, Item, advanced, consumer, journal_body, message_body, now

AMQP_URL = os.environ.get("ORDERHUB_BENCH_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
DSN = os.environ.get("ORDERHUB_BENCH_DSN", "postgresql://postgres@127.0.0.1:5432/postgres")
SCHEMA = os.environ.get("ORDERHUB_BENCH_SCHEMA", "orderhub_bench_celery")
QUEUE = SCHEMA

app = Celery("orderhub_bench", broker=AMQP_URL)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_default_queue=QUEUE,
    task_default_queue_type="quorum",
    task_queues=[Queue(QUEUE, queue_arguments={"x-queue-type": "quorum"})],
    worker_detect_quorum_queues=True,
    worker_prefetch_multiplier=50,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
)

_connections: list[psycopg.Connection[tuple[Any, ...]]] = []


def connection() -> psycopg.Connection[tuple[Any, ...]]:
    """Return this process's connection to the database."""
    if not _connections:
        _connections.append(psycopg.connect(DSN, autocommit=True, options=f"-c search_path={SCHEMA}"))
    return _connections[0]


@app.task(name="orderhub_bench.step")
def step(fields: dict[str, str | int | None]) -> None:
    """Do one step of one order: commit, send the next step's task, forget its outbox row."""
    item = Item.of(fields)
    following = item.next()
    database = connection()
    with database.transaction():
        if not _is_new(database, item):
            return
        _write(database, item, following)
    if following is not None:
        step.delay(json.loads(following.encode()))
        database.execute("DELETE FROM outbox WHERE item_id = %s", [following.id])


def _is_new(database: psycopg.Connection[tuple[Any, ...]], item: Item) -> bool:
    statement = "INSERT INTO inbox VALUES (%s, %s, 1) ON CONFLICT DO NOTHING"
    return database.execute(statement, [consumer(item.step), item.id]).rowcount == 1


def _write(database: psycopg.Connection[tuple[Any, ...]], item: Item, following: Item | None) -> None:
    at, message_id, kind = now(), uuid7(), f"Step{item.step}Done"
    _write_order(database, item)
    database.execute(
        "INSERT INTO journal (order_id, seq, type, schema, message_id, recorded_at, body)"
        " VALUES (%s, %s, %s, 1, %s, %s, %s)",
        [item.order_id, item.step + 1, kind, message_id, at, journal_body(item)],
    )
    body = message_body(item)
    database.execute(
        "INSERT INTO messages (id, direction, connector, kind, status, order_id, correlation_id, causation_id,"
        " media_type, body, size, recorded_at, finished_at)"
        " VALUES (%s, 'internal', 'hub', %s, 'done', %s, %s, %s, 'application/json', %s, %s, %s, %s)",
        [message_id, kind, item.order_id, item.order_id, item.id, body, len(body), at, at],
    )
    if following is not None:
        database.execute(
            "INSERT INTO outbox (item_id, attempt, queue, item, due_at, seq) VALUES (%s, 1, %s, %s, %s, %s)",
            [following.id, consumer(following.step), following.encode().decode(), at, item.step],
        )


def _write_order(database: psycopg.Connection[tuple[Any, ...]], item: Item) -> None:
    at = now()
    if item.step == 0:
        database.execute(
            "INSERT INTO orders (id, channel, channel_ref, version, schema, type, status, placed_at, updated_at,"
            " doc) VALUES (%s, 'webstore', %s, 1, 1, 'standard', 'placed', %s, %s, %s)",
            [item.order_id, str(item.order_id), at, at, item.document],
        )
        return
    row = database.execute("SELECT doc FROM orders WHERE id = %s FOR UPDATE", [item.order_id]).fetchone()
    if row is None:
        message = f"step {item.step} of order {item.order_id} came before its first"
        raise LookupError(message)
    database.execute(
        "UPDATE orders SET version = version + 1, status = 'in_progress', updated_at = %s, doc = %s WHERE id = %s",
        [at, advanced(row[0], item.step), item.order_id],
    )


__all__ = ["AMQP_URL", "DSN", "QUEUE", "SCHEMA", "STEPS", "app", "step"]
