"""What a mail looks like, and that nothing that a buyer is called can change it."""

from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.commands import SendMail
from canonical.money import Money
from canonical.order import Tax
from canonical.parties import Parties
from canonical.statuses import RowStatus
from connectors.mailer import rendering
from connectors.mailer.addresses import display_name, parse
from connectors.mailer.client import SmtpClient
from connectors.mailer.composing import envelope
from connectors.mailer.notifier import Mailer
from connectors.mailer.settings import MailerSettings
from connectors.mailer.views import VARIABLES
from core.clock import ManualClock
from core.errors import RejectedError
from tests.contracts.building import NOON, a_context, an_order, somebody

PLAIN = {
    "host": "127.0.0.1",
    "security": "none",
    "sender": "orders@shop.example.com",
    "shop_name": "Example Shop",
}


def mailer(**changes: object) -> Mailer:
    settings = MailerSettings.model_validate({**PLAIN, **changes})
    return Mailer(settings, SmtpClient(settings, ManualClock(NOON)))


def command(template: str = "order_confirmed", **changes: object) -> SendMail:
    basis = {"order_id": an_order().id, "connector": "mailer", "key": "mail:1", "template": template}
    return SendMail.model_validate({**basis, **changes})


def rendered(port: Mailer, wish: SendMail, **buyer: object) -> bytes:
    parties = Parties(buyer=somebody(**buyer), ship_to=somebody())
    return port.render(wish, a_context(parties=parties)).body


def written(port: Mailer, wish: SendMail, **buyer: object) -> EmailMessage:
    message = message_from_bytes(rendered(port, wish, **buyer), policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_a_mail_says_who_writes_to_whom_about_what() -> None:
    message = written(mailer(reply_to="help@shop.example.com"), command())
    assert {name: str(message[name]) for name in message if name != "Content-Type"} == {
        "From": "Example Shop <orders@shop.example.com>",
        "To": '"A. Customer" <a.customer@example.com>',
        "Reply-To": "help@shop.example.com",
        "Subject": "Your order W-1001 is confirmed",
        "Date": "Fri, 20 Nov 2026 12:00:00 +0000",
        "Message-ID": str(message["Message-ID"]),
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
        "X-Orderhub-Template": "order_confirmed",
        "X-Orderhub-Order": str(an_order().id),
        "MIME-Version": "1.0",
    }
    assert str(message["Message-ID"]).endswith("@shop.example.com>")


def test_a_mail_keeps_its_message_id() -> None:
    first, again, other = (written(mailer(), command(key=key))["Message-ID"] for key in ("a", "a", "b"))
    assert first == again
    assert first != other


def test_the_text_lists_what_was_bought_and_adds_up() -> None:
    text, html = bodies(written(mailer(), command()))
    for part in (text, html):
        for said in (
            "2 × A cup",
            "19.90\N{NO-BREAK SPACE}EUR",
            "4.90\N{NO-BREAK SPACE}EUR",
            "44.80\N{NO-BREAK SPACE}EUR",
        ):
            assert said in part
        assert "Tax" not in part


def test_tax_on_top_is_listed() -> None:
    untaxed = an_order(prices_include_tax=False)
    tax = Tax(code="VAT", rate=Decimal("0.19"), amount=Money.of("3.80", "EUR"))
    taxed = untaxed.replace(lines=(untaxed.lines[0], untaxed.lines[1].replace(taxes=(tax,))))
    for order, is_listed in ((untaxed, False), (taxed, True)):
        raw = mailer().render(command(), a_context(order)).body
        for part in bodies(message_from_bytes(raw, policy=policy.SMTP)):
            assert ("3.80" in part) is ("Tax" in part) is is_listed


def test_a_mail_is_written_in_the_buyers_language() -> None:
    message = message_from_bytes(
        mailer().render(command(), a_context(an_order(language="de-AT"))).body, policy=policy.SMTP
    )
    assert message["Content-Language"] == "de"
    assert message["Subject"] == "Ihre Bestellung W-1001 ist bestätigt"


@pytest.mark.parametrize(("fallback", "language"), [("en", "en"), ("de", "de")])
def test_a_language_without_templates_falls_back(fallback: str, language: str) -> None:
    port = mailer(fallback_language=fallback)
    raw = port.render(command(), a_context(an_order(language="fr"))).body
    assert message_from_bytes(raw)["Content-Language"] == language


def test_what_waits_and_what_was_cancelled_is_listed() -> None:
    order = an_order()
    pot = order.lines[1]
    for template, status in (
        ("back_ordered", RowStatus.BACKORDERED),
        ("order_cancelled", RowStatus.CANCELLED),
    ):
        moved = order.replace(lines=(order.lines[0], pot.replace(rows=(pot.rows[0].replace(status=status),))))
        raw = mailer().render(command(template), a_context(moved)).body
        text = bodies(message_from_bytes(raw, policy=policy.SMTP))[0]
        assert "1 × A pot" in text
        assert "A cup" not in text


def test_a_parcel_the_order_does_not_have_is_refused() -> None:
    with pytest.raises(RejectedError, match="parcel-9"):
        mailer().render(command("shipment_dispatched", shipment_id="parcel-9"), a_context())


@pytest.mark.parametrize(
    ("amount", "english", "german"),
    [
        (Money.of("1234567.5", "EUR"), "1,234,567.50", "1.234.567,50"),
        (Money.of("1500", "JPY"), "1,500", "1.500"),
        (Money.of("1.234", "KWD"), "1.234", "1,234"),
    ],
)
def test_amounts_have_the_digits_of_their_currency(amount: Money, english: str, german: str) -> None:
    for language, said in (("en", english), ("de", german)):
        raw = (
            mailer()
            .render(command("payment_declined", amount=amount), a_context(an_order(language=language)))
            .body
        )
        text = bodies(message_from_bytes(raw, policy=policy.SMTP))[0]
        assert f"{said}\N{NO-BREAK SPACE}{amount.currency}" in text


def test_markup_in_a_name_stays_text() -> None:
    html = bodies(written(mailer(), command(), name='<img src=x onerror="x">'))[1]
    assert "<img" not in html
    assert "&lt;img" in html


# ---- nothing can be smuggled in ----


@given(st.text(min_size=1, max_size=200).filter(lambda name: name.strip() != ""))
def test_no_name_changes_a_header_or_the_address(name: str) -> None:
    message = written(mailer(), command(), name=name)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "X-Orderhub-Template", "X-Orderhub-Order", "MIME-Version", "Content-Type",
    }  # fmt: skip
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "a.customer@example.com"
    sent = rendered(mailer(), command(), name=name)
    assert envelope(sent) == ("orders@shop.example.com", "a.customer@example.com")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_clear_refusal(text: str) -> None:
    for smtputf8 in (False, True):
        try:
            found = parse(text, smtputf8=smtputf8)
        except RejectedError as error:
            assert error.code == "bad_address"  # noqa: PT017 - both ends are right
        else:
            assert found.domain.isascii()
            assert smtputf8 or found.local.isascii()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nobody", "no @"),
        ("@example.com", "no @"),
        ('"a b"@example.com', "quoted forms"),
        ("a..b@example.com", "quoted forms"),
        ("ü@example.com", "smtputf8: true"),
        ("a@localhost", "no dot"),
        ("a@exa mple.com", "no domain name"),
        ("a@-.com", "no domain name"),
        ("x" * 65 + "@example.com", "longer than 64"),
        ("a@" + ".".join(["x" * 60] * 5), "no domain name"),
    ],
)
def test_an_address_that_can_not_be_used_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        parse(text, smtputf8=False)
    with pytest.raises(RejectedError, match="a space, a control character"):
        parse("ü b@example.com", smtputf8=True)


def test_a_domain_in_any_script_gets_its_ascii_form() -> None:
    assert parse("a@Straße.example", smtputf8=False).spec == "a@xn--strae-oqa.example"


@given(st.text(max_size=30))
def test_an_address_that_is_accepted_survives_the_header(local: str) -> None:
    try:
        address = parse(f"{local}@example.com", smtputf8=True)
    except RejectedError:
        return
    port = mailer(smtputf8=True)
    parties = Parties(buyer=somebody(email=f"{local}@example.com"), ship_to=somebody())
    raw = port.render(command(), a_context(parties=parties)).body
    assert envelope(raw)[1] == address.spec


@given(st.text(max_size=300))
def test_a_display_name_is_one_visible_line(text: str) -> None:
    shown = display_name(text)
    assert len(shown) <= 100
    assert shown == shown.strip()
    assert shown.isprintable() or all(c.isprintable() or c.isspace() for c in shown)
    assert not {"\r", "\n", "\0", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(shown)


def test_every_line_travels_in_seven_bits_and_bearable_length() -> None:
    order = an_order(language="de")
    long = order.replace(lines=tuple(line.replace(title="Größe " * 60) for line in order.lines))
    raw = mailer().render(command(), a_context(long)).body
    assert raw.isascii()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")


# ---- templates ----


def test_the_built_in_templates_are_sound() -> None:
    assert rendering.lint() == ()


def override(
    folder: Path, text: str, html: str = "<p>x</p>", name: str = "order_confirmed", lang: str = "en"
) -> Path:
    (folder / lang).mkdir(parents=True, exist_ok=True)
    (folder / lang / f"{name}.txt.j2").write_text(text)
    (folder / lang / f"{name}.html.j2").write_text(html)
    return folder


def test_a_shop_writes_in_its_own_words(tmp_path: Path) -> None:
    folder = override(tmp_path, "{{ shop.name }} says thanks\n\n{{ order.total | money }}\n")
    port = mailer(
        shops={"webstore": {"templates": folder, "shop_name": "The Other", "sender": "o@other.example"}}
    )
    message = written(port, command())
    assert message["Subject"] == "The Other says thanks"
    assert message["From"].addresses[0].addr_spec == "o@other.example"
    assert "order_cancelled" in VARIABLES
    assert written(port, command("order_cancelled"))["Subject"] == "Your order W-1001 was cancelled"


def test_a_shop_may_add_a_language(tmp_path: Path) -> None:
    folder = override(tmp_path, "Merci\n\n{{ order.placed_at | date }}\n", lang="fr")
    raw = mailer(templates=folder).render(command(), a_context(an_order(language="fr"))).body
    assert message_from_bytes(raw)["Content-Language"] == "fr"


@pytest.mark.parametrize(
    ("text", "html", "reason"),
    [
        (
            "S\n\n{{ parties.email }}",
            "<p></p>",
            "uses parties, and may use amount, customer, language, order, shop",
        ),
        ("S\n\n{{ order.email }}", "<p></p>", "no attribute 'email'"),
        ("S\n\n{{ customer.name.__class__ }}", "<p></p>", "SecurityError"),
        ("S\n\n{% for x in %}", "<p></p>", "TemplateSyntaxError"),
        ("S\n\n{% include '../../secrets' %}", "<p></p>", "TemplateNotFound"),
        ("S\n\n{% include customer.name %}", "<p></p>", "chosen by a variable"),
        ("S\n\nx", "{% extends 'nothing.j2' %}", "TemplateNotFound"),
        ("\n\nx", "<p></p>", "has a subject in its first line"),
        ("S only", "<p></p>", "has a subject in its first line"),
        ("S\n\n{{ 1 / 0 }}", "<p></p>", "ZeroDivisionError"),
    ],
)
def test_a_template_that_would_fail_later_fails_at_start(
    tmp_path: Path, text: str, html: str, reason: str
) -> None:
    folder = override(tmp_path, text, html)
    with pytest.raises(ValidationError) as refused:
        mailer(templates=folder)
    assert reason in str(refused.value)


def test_a_template_of_another_name_is_found_out(tmp_path: Path) -> None:
    assert "is no template" in rendering.lint(override(tmp_path, "S\n\nx", name="order_shiped"))[0]


def test_text_and_html_go_together(tmp_path: Path) -> None:
    override(tmp_path, "S\n\nx", lang="fr")
    (tmp_path / "fr" / "order_confirmed.html.j2").unlink()
    assert rendering.lint(tmp_path) == ("fr/order_confirmed.html.j2 is missing: text and HTML go together",)


def test_a_folder_that_is_not_there_is_found_out(tmp_path: Path) -> None:
    assert rendering.lint(tmp_path / "nothing") == (f"{tmp_path / 'nothing'} is no folder",)


# ---- settings ----


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"host": "smtp.example.com"}, "set security to starttls or tls"),
        ({"username": "me"}, "go together"),
        ({"sender": "nobody"}, "the address can't be used"),
        ({"fallback_language": "fr"}, "no templates in fr"),
        ({"time_zone": "Europe/Nowhere"}, "no time zone"),
        ({"prot": 25}, "Extra inputs"),
    ],
)
def test_settings_that_would_fail_later_fail_at_start(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        MailerSettings.model_validate({**PLAIN, **change})


def test_the_password_is_not_shown() -> None:
    settings = MailerSettings.model_validate({**PLAIN, "username": "me", "password": "hush"})
    assert "hush" not in f"{settings!r}{settings.model_dump_json()}"


def test_dates_are_those_of_the_shops_time_zone() -> None:
    late = an_order(placed_at=NOON.replace(hour=23, minute=30))
    raw = mailer(time_zone="Europe/Berlin").render(command(), a_context(late)).body
    assert b"21 November 2026" in raw
