"""Compares what was expected with what the partners' ledgers show. It reads those files and nothing else."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from hub.demo import courier, fraud

Entry = Mapping[str, Any]
_NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True)
class Evidence:
    """What the ledgers say about one order."""

    ordered: int = 0
    authorised: Counter[str] = field(default_factory=Counter[str])
    """By the gateway's reference."""
    captured_minor: int = 0
    captures: int = 0
    voided: int = 0
    declined: int = 0
    refunded_minor: int = 0
    releases: Counter[str] = field(default_factory=Counter[str])
    parcels: Counter[str] = field(default_factory=Counter[str])
    units: Counter[str] = field(default_factory=Counter[str])
    mails: Counter[str] = field(default_factory=Counter[str])
    told: Counter[str] = field(default_factory=Counter[str])
    told_shipped: int = 0
    told_cancelled: int = 0
    fraud: Counter[str] = field(default_factory=Counter[str])
    """What the fraud gateway was asked and told."""
    invoices: Counter[str] = field(default_factory=Counter[str])
    """What suppliers charged for it, by the invoice's number."""
    courier: Counter[str] = field(default_factory=Counter[str])
    """What became of the labels that were bought for it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one order ended: as expected, or what is wrong, a sentence each."""

    reference: str
    outcome: str
    wrong: tuple[str, ...]


def judge(data: Path) -> tuple[Verdict, ...]:
    """Judge every order of a demo by `expected.jsonl` and `ledgers/*.jsonl` in its folder."""
    expected = read_lines(data / "expected.jsonl")
    evidence = collect(
        expected, {path.stem: read_lines(path) for path in sorted((data / "ledgers").glob("*.jsonl"))}
    )
    screens = any(one.fraud for one in evidence.values())
    labels = any(one.courier for one in evidence.values())
    return tuple(
        _verdict(one, evidence[one["reference"]], screens=screens, labels=labels) for one in expected
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON objects of a file, one per line."""
    if not path.exists():
        return []
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]


def collect(expected: Iterable[Entry], ledgers: Mapping[str, Iterable[Entry]]) -> defaultdict[str, Evidence]:
    """Put every ledger entry to its order."""
    found: defaultdict[str, Evidence] = defaultdict(Evidence)
    by_address = {_hashed(one["email"]): one["reference"] for one in expected}
    entries = [(name, entry) for name, ledger in ledgers.items() for entry in ledger]
    references = _references(entries, by_address)
    for _, entry in entries:
        _note(found, entry, references, by_address)
    return found


def _hashed(address: str) -> str:
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]


def _references(entries: Iterable[tuple[str, Entry]], by_address: Mapping[str, str]) -> dict[str, str]:
    """Learn which order the hub's own ids mean: from mails, and from what the warehouses were asked for."""
    known: dict[str, str] = {}
    for _, entry in entries:
        if entry["kind"] == "mailed" and entry["to"] and entry["to"][0] in by_address:
            known[str(entry["order"])] = by_address[entry["to"][0]]
        if entry["kind"] in {"released", "purchase_order"}:
            known[str(entry["key"])] = str(entry["reference"])
    return known


def _note(
    found: defaultdict[str, Evidence],
    entry: Entry,
    references: Mapping[str, str],
    by_address: Mapping[str, str],
) -> None:
    match entry["kind"]:
        case "ordered":
            found[entry["key"]].ordered += 1
        case "told_shipped" | "told_cancelled" | "told_status":
            _told(found[entry["order"]], entry)
        case "mailed":
            _mailed(found, entry, by_address)
        case "authorised" | "captured" | "voided" | "declined" | "refunded" | "expired":
            reference = _paid_for(entry, references)
            if reference is not None:
                _moved_money(found[reference], entry)
        case kind if kind in fraud.KINDS:
            fraud.note(found[fraud.reference_of(entry)].fraud, entry)
        case kind if kind in courier.KINDS:
            courier.note(found[str(entry["order"])].courier, entry)
        case "released" | "purchase_order" | "shipped" | "invoiced":
            reference = references.get(str(entry["key"]))
            if reference is not None:
                _moved_goods(found[reference], entry)
        case _:
            pass


def _mailed(found: defaultdict[str, Evidence], entry: Entry, by_address: Mapping[str, str]) -> None:
    reference = by_address.get(entry["to"][0]) if entry["to"] else None
    if reference is not None and entry.get("copy", 1) == 1:
        found[reference].mails[entry["template"]] += 1


def _paid_for(entry: Entry, references: Mapping[str, str]) -> str | None:
    metadata: Mapping[str, Any] = entry.get("metadata", _NOTHING)
    return metadata.get("reference") or references.get(str(entry.get("order_id")))


def _told(evidence: Evidence, entry: Entry) -> None:
    if entry["kind"] == "told_shipped":
        evidence.told_shipped += 1
    elif entry["kind"] == "told_cancelled":
        evidence.told_cancelled += 1
    else:
        evidence.told[entry["status"]] += 1


def _moved_money(evidence: Evidence, entry: Entry) -> None:
    match entry["kind"]:
        case "authorised":
            evidence.authorised[entry["key"]] += 1
        case "captured":
            evidence.captures += 1
            evidence.captured_minor += entry["amount"]
        case "voided" | "expired":
            evidence.voided += 1
        case "declined":
            evidence.declined += 1
        case _:
            evidence.refunded_minor += entry["amount"]


def _moved_goods(evidence: Evidence, entry: Entry) -> None:
    if entry["kind"] in {"released", "purchase_order"}:
        evidence.releases[entry["key"]] += 1
        return
    if entry["kind"] == "invoiced":
        evidence.invoices[entry["invoice"]] += 1
        return
    evidence.parcels[entry["shipment"]] += 1
    for sku, quantity in entry["lines"].items():
        evidence.units[sku] += quantity


def _verdict(expected: Entry, evidence: Evidence, *, screens: bool, labels: bool) -> Verdict:
    wrong = [
        *_wrong_money(expected, evidence),
        *_wrong_goods(expected, evidence),
        *_wrong_news(expected, evidence),
        *(fraud.wrong(expected, evidence.fraud) if screens else ()),
        *(courier.wrong(expected, evidence.courier) if labels else ()),
    ]
    return Verdict(expected["reference"], expected["outcome"], tuple(wrong))


def _wrong_money(expected: Entry, evidence: Evidence) -> Iterable[str]:
    if evidence.captured_minor != expected["captured_minor"]:
        yield f"captured {evidence.captured_minor}, not {expected['captured_minor']} minor units"
    captures = 1 if expected["captured_minor"] else 0
    if evidence.captures != captures:
        yield f"captured {evidence.captures} times, not {captures}"
    wanted = {"captured": 1, "voided": 1, "declined": 0, "none": 0}[expected["money"]]
    authorised = sum(evidence.authorised.values())
    if authorised != wanted:
        yield f"authorised {authorised} times, not {wanted}"
    voided = 1 if expected["money"] == "voided" else 0
    if evidence.voided != voided:
        yield f"voided {evidence.voided} times, not {voided}"
    if evidence.refunded_minor != expected["refunded_minor"]:
        yield f"refunded {evidence.refunded_minor} minor units, not {expected['refunded_minor']}"


def _wrong_goods(expected: Entry, evidence: Evidence) -> Iterable[str]:
    twice = [release for release, times in evidence.releases.items() if times > 1]
    if twice:
        yield f"released twice: {', '.join(twice)}"
    if len(evidence.releases) != expected["releases"]:
        yield f"{len(evidence.releases)} releases, not {expected['releases']}"
    if sum(evidence.invoices.values()) != expected["invoices"]:
        yield f"{sum(evidence.invoices.values())} invoices of suppliers, not {expected['invoices']}"
    if sum(evidence.parcels.values()) != expected["parcels"]:
        yield f"{sum(evidence.parcels.values())} parcels, not {expected['parcels']}"
    if dict(evidence.units) != expected["units"]:
        yield f"shipped {dict(evidence.units)}, not {expected['units']}"


def _wrong_news(expected: Entry, evidence: Evidence) -> Iterable[str]:
    if evidence.ordered != int(expected["ordered"]):
        yield f"ordered {evidence.ordered} times, not {int(expected['ordered'])}"
    mails = sorted(evidence.mails.elements())
    if mails != expected["mails"]:
        yield f"mailed {mails}, not {expected['mails']}"
    if evidence.told_shipped != expected["parcels"]:
        yield f"the shop was told of {evidence.told_shipped} parcels, not {expected['parcels']}"
    if evidence.told_cancelled != expected["told_cancelled"]:
        yield f"the shop was told of {evidence.told_cancelled} cancellations, not {expected['told_cancelled']}"
    told = sorted(status for status in evidence.told.elements() if status != "confirmed")
    if told != expected["told"]:
        yield f"the shop was told {told}, not {expected['told']}"
