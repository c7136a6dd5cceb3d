"""Catalogues of texts: which files are some, what stands in them, and which texts a report has."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.linear import grows_faster

from locator.report.reader import read as read_report
from locator.translations import entries
from locator.translations.entries import Entry, read
from locator.translations.texts import foreign, near, whole
from locator.translations.texts import read as text_of
from summaries.locales import language


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("l10n/zh_CN.js", "zh"),
        ("src/locales/pt-BR.json", "pt"),
        ("src/locales/ru/common.json", "ru"),
        ("locale/fr/LC_MESSAGES/django.po", "fr"),
        ("app/src/main/res/values-de/strings.xml", "de"),
        ("app/src/main/res/values-b+sr+Latn/strings.xml", None),
        ("ios/de.lproj/Localizable.strings", "de"),
        ("Shop/Resources.fr.resx", "fr"),
        ("src/main/resources/messages_it.properties", "it"),
        ("lib/l10n/app_es.arb", "es"),
        ("config/locales/es.yml", "es"),
        ("resources/lang/nl/orders.php", "nl"),
        ("src/locales/en.json", "en"),
        ("app/src/main/res/values/strings.xml", "en"),
        ("src/main/resources/messages.properties", "en"),
        ("Shop/Resources.resx", "en"),
        ("src/main/resources/application.properties", None),
        ("src/strings/pt-br.json", "pt"),
        ("messages/en.json", "en"),
        ("messages/it/queue.json", None),
        ("src/main/resources/i18n/de.properties", "de"),
        ("LocalStrings_zh_Hans_CN.properties", "zh"),
        ("config/application-my.properties", None),
        ("config/io.properties", None),
        ("conf/linux.os.properties", None),
        ("src/orders/de.py", None),
        ("config/it.json", None),
        ("package.json", None),
    ],
)
def test_catalogues_are_known_by_their_place(path: str, expected: str | None) -> None:
    assert language(path) == expected


CATALOGUES = {
    "a.po": (
        'msgid ""\nmsgstr ""\n"Language: de\\n"\n\nmsgid "Sold \\"out\\""\nmsgstr "Aus\\"verkauft\\""\n\n'
        'msgid ""\n"Pay "\n"now"\nmsgstr ""\n"Jetzt "\n"zahlen"\n\n'
        'msgid "%d order"\nmsgid_plural "%d orders"\nmsgstr[0] "%d Auftrag"\nmsgstr[1] "%d Aufträge"\n',
        [("Sold \"out\"", 'Aus"verkauft"', 6), ("Pay now", "Jetzt zahlen", 11), ("%d order", "%d Auftrag", 17),
         ("%d order", "%d Aufträge", 18)],
    ),
    "a.properties": (
        "# no\norder.late = Zu sp\\u00e4t\norder.long=Eins \\\n  zwei\n",
        [("order.late", "Zu spät", 2), ("order.long", "Eins zwei", 3)],
    ),
    "Localizable.strings": ('/* Button */\n"pay.now" = "Jetzt zahlen";\n', [("pay.now", "Jetzt zahlen", 2)]),
    "de.json": (
        '{\n "order": {"late": "Zu spät",\n  "tags": ["a", "b"], "n": 3},\n "pay": "Jetzt: {0}"\n}',
        [("order.late", "Zu spät", 2), ("pay", "Jetzt: {0}", 4)],
    ),
    "de.ts": (
        "export default {\n  order: { late: 'Zu spät', // don't\n 'pay-now': `Jetzt` },\n}",
        [("order.late", "Zu spät", 2), ("order.pay-now", "Jetzt", 3)],
    ),
    "de.php": ("<?php\nreturn ['order' => ['late' => 'Zu sp\\'t'],\n'pay' => \"Jetzt\"];", [
        ("order.late", "Zu sp't", 2), ("pay", "Jetzt", 3)]),
    "de.yml": (
        'de:\n  order:\n    late: "Zu \\"spät\\""\n    long: >\n      Eins\n      zwei\n  pay: Jetzt # no\n',
        [("de.order.late", 'Zu "spät"', 3), ("de.order.long", "Eins zwei", 4), ("de.pay", "Jetzt", 7)],
    ),
    "strings.xml": (
        '<resources>\n <string name="late">Zu\n  spät &amp; weg</string>\n <plurals name="n">\n'
        '  <item quantity="one">Ein Auftrag</item>\n </plurals>\n</resources>',
        [("late", "Zu spät & weg", 2), ("n", "Ein Auftrag", 5)],
    ),
    "R.resx": ('<root>\n <data name="Late" xml:space="preserve">\n  <value>Zu spät</value>\n </data>\n</root>', [
        ("Late", "Zu spät", 3)]),
    "m.xlf": (
        '<trans-unit id="late">\n<source>Too late</source>\n<target state="final">Zu spät</target>\n</trans-unit>',
        [("Too late", "Zu spät", 3), ("late", "Zu spät", 3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", CATALOGUES)
def test_entries(path: str) -> None:
    text, expected = CATALOGUES[path]
    assert [tuple(e) for e in read(path, text)] == expected


EXTENSIONS = [
    "po",
    "properties",
    "strings",
    "json",
    "ts",
    "php",
    "yml",
    "xml",
    "resx",
    "xlf",
    "ftl",
    "csv",
    "",
]
UNITS = [
    'msgid "', '"\\"', "'", "`a\\", '{"a":', "a: ", "a: |\n  b\n", '<string name="', "<data <", "key = \\\n", " " * 30 + "a",
    'a = "' + " " * 20, "[" * 8, '"a" => ', "\\u", "\n" * 8, "- - a: b", "\x00", "é:", '<value>', "'a': 'b'\n",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_hostile_catalogues_take_linear_time(unit: str) -> None:
    for extension in EXTENSIONS:
        assert not grows_faster(partial(read, f"de.{extension}"), unit), extension


@pytest.mark.slow
def test_a_huge_catalogue_is_read_in_part() -> None:
    text = "".join(f'"k{n}": "text {n}",\n' for n in range(400_000))
    found = read("de.json", "{" + text)
    assert len(found) <= entries.MOST_ENTRIES
    assert found[0] == Entry("k0", "text 0", 1)
    assert read("de.json", text[:50_001])[-1].key.startswith("k")  # cut off within an entry


@pytest.mark.slow
def test_deep_nesting_is_read() -> None:
    assert read("de.json", '{"a":' * 100_000 + '"text"')[-1].text == "text"
    read("de.yml", "\n".join(" " * (n % 40) + f"k{n}:" for n in range(50_000)))


@given(st.text(max_size=300), st.sampled_from(EXTENSIONS))
def test_any_text_is_read(text: str, extension: str) -> None:
    assert all(e.key and e.text and e.line > 0 for e in read(f"x.{extension}", text))


def test_escapes_hide_nothing() -> None:
    texts = [e.text for e in read("de.json", r'{"a": "\ud83d\ude00 \u001b[31m \ud800 x", "b": "1\n2"}')]
    assert texts == ["\U0001f600  [31m \ufffd x", "1 2"]


def test_wrong_encodings_are_no_error() -> None:
    for data in (b"\xff\xfe\x00a", "schön: spät".encode("cp1252"), "a: б".encode("utf-16")):
        read("de.yml", data.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("After the update the list is empty and there is no error", False),
        ("Checkout: TypeError after retry, it should not have been called", False),
        ("Nach dem Update ist die Liste leer und es kommt kein Fehler", True),
        ("Après la mise à jour, la liste est vide et aucune erreur n'apparaît", True),
        ("归档的卡片仍然可以被拖动", True),
        ("После обновления список пуст", True),
        ("更新後に一覧が空になる", True),
    ],
)
def test_the_language_of_a_report(text: str, expected: bool) -> None:
    assert foreign(text) == expected


@pytest.mark.parametrize(
    ("report", "text", "expected"),
    [
        ('It says "The order was not sent".', "The order was not sent", True),
        ("It says the order was not sent today", "The order was not sent", True),
        ('It says "Order 17 is paid already"', "Order %{number} is paid already", True),
        ("Order 17 of shop A is late", "Order :id of %(shop)s is late", True),
        ('It says "3 orders are late"', "{n, plural, one {# order} other {# orders}} orders are late", True),
        ("An order was sent", "The order was not sent", False),
        ("The button says OK", "OK", False),
        ("点击后显示「订单已取消」", "订单已取消", True),
        ("订单没有取消", "订单已取消", False),
        ("Es steht „Warenkorb leer“ da", "Warenkorb leer", True),
        ("Mein Warenkorb leer", "Warenkorb leer", False),
    ],
)
def test_a_text_stands_in_a_report_as_a_whole(report: str, text: str, expected: bool) -> None:
    found = whole(Entry("k", text, 1), text_of(read_report(report)))
    assert (found is not None) == expected


def test_texts_of_the_same_language_are_near_by_their_stems() -> None:
    texts = ["Die Bestellung wurde storniert", "Die Datei wurde gespeichert", "Die Adresse wurde geändert",
             "Bestellungen anzeigen", "Der Benutzer ist gesperrt", "Ihr Konto wurde gelöscht"]  # fmt: skip
    report = text_of(read_report("Stornierte Bestellungen werden trotzdem verschickt und keiner merkt es"))
    found = near([Entry(str(n), t, n) for n, t in enumerate(texts)], report, "de")
    assert [f.entry.key for f in found] == ["0"]
    assert near([Entry("a", "%s", 1), Entry("b", "{}", 2)], report, "de") == []
    assert near([], text_of(read_report("?!")), "zz") == []
