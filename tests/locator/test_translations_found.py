# ruff: noqa: E501
"""Catalogues of other frameworks: a sentence in another language leads to the code that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from kits.cli import indexed
from kits.git import make_repo

from locator.locate import Options, locate
from summaries.index.index import Index

SYSTEMS = {
    "laravel": {
        "lang/de/orders.php": "<?php\nreturn [\n  'failed' => 'Die Bestellung :id konnte nicht angelegt werden',\n 'list' => ['empty' => 'Keine Bestellungen vorhanden'],\n];",
        "app/Http/OrderController.php": "<?php\nclass OrderController {\n function store() { return back()->withErrors(__('orders.failed', ['id' => 1])); }\n}\n",
        "resources/views/orders.blade.php": "<p>@lang('orders.list.empty')</p>\n",
        "app/Models/Order.php": "<?php\nclass Order { function total() { return 1; } }\n",
    },
    "dotnet": {
        "Shop/Resources.fr.resx": '<root><data name="StockTooLow" xml:space="preserve"><value>Le stock est insuffisant</value></data></root>',
        "Shop/Resources.resx": '<root><data name="StockTooLow"><value>There is not enough in stock</value></data></root>',
        "Shop/StockService.cs": "namespace Shop;\nclass StockService {\n  void Take(int n) { if (n > left) throw new Refused(Resources.StockTooLow); }\n}\n",
        "Shop/Stock.cs": "namespace Shop;\nclass Stock { int Left; }\n",
    },
    "flutter": {
        "lib/l10n/app_es.arb": '{"@@locale":"es","cartEmpty":"Tu cesta está vacía","paymentRefused":"El banco rechazó el pago de {amount}"}',
        "lib/l10n/app_en.arb": '{"@@locale":"en","cartEmpty":"Your basket is empty","paymentRefused":"The bank refused the payment of {amount}"}',
        "lib/pay/pay_page.dart": "class PayPage {\n  void fail(context, amount) {\n    show(AppLocalizations.of(context)!.paymentRefused(amount));\n  }\n}\n",
        "lib/cart/cart_page.dart": "class CartPage {\n  Widget build(context) => Text(AppLocalizations.of(context)!.cartEmpty);\n}\n",
    },
    "java": {
        "src/main/resources/messages_it.properties": "order.late=L\\u2019ordine \\u00e8 in ritardo\norder.lost=L'ordine è andato perso\n",
        "src/main/resources/messages.properties": "order.late=The order is late\norder.lost=The order got lost\n",
        "src/main/java/com/shop/Tracker.java": 'package com.shop;\nclass Tracker {\n  String state(Order o) {\n    return o.age() > 3 ? texts.getString("order.late") : "";\n  }\n}\n',
        "src/main/java/com/shop/Finder.java": 'package com.shop;\nclass Finder {\n  String lost(Order o) { return texts.getString("order.lost"); }\n}\n',
    },
    "vue": {
        "src/i18n/lang/pl/basket.ts": "export default { coupon: { expired: 'Ten kupon już wygasł', used: 'Ten kupon został już użyty' } }",
        "src/components/Coupon.vue": "<template>\n  <p v-if=\"old\">{{ $t('basket.coupon.expired') }}</p>\n</template>\n<script>\nexport default { computed: { old() { return this.until < new Date() } } }\n</script>\n",
        "src/components/Used.vue": "<template>\n  <p v-if=\"u\">{{ $t('basket.coupon.used') }}</p>\n</template>\n",
    },
    "ios": {
        "App/ja.lproj/Localizable.strings": '"login.locked" = "アカウントがロックされています";\n"login.title" = "ログイン";\n',
        "App/LoginView.swift": 'struct LoginView {\n  func deny() { alert(NSLocalizedString("login.locked", comment: "")) }\n}\n',
        "App/Home.swift": "struct Home {\n  func open() {}\n}\n",
    },
    "angular": {
        "src/locale/messages.de.xlf": '<xliff><trans-unit id="ship.address.missing"><source>The address is missing</source><target>Die Lieferadresse fehlt noch</target></trans-unit></xliff>',
        "src/app/ship.component.html": '<p i18n="@@ship.address.missing">The address is missing</p>\n',
        "src/app/ship.component.ts": "export class ShipComponent {\n  missing() { return !this.address }\n}\n",
    },
    "rails_ns": {
        "config/locales/nl.yml": "nl:\n  orders:\n    flash:\n      cancelled: Bestelling geannuleerd door de klant\n",
        "app/controllers/orders_controller.rb": "class OrdersController\n  def destroy\n    redirect_to orders_path, notice: t('orders.flash.cancelled')\n  end\nend\n",
        "app/models/order.rb": "class Order\n  def cancel!\n  end\nend\n",
    },
    "nextjson": {
        "l10n/ru.json": '{ "translations": {"Could not share the board":"Не удалось поделиться доской","Board deleted":"Доска удалена"},"pluralForm":"x"}',
        "src/Share.vue": "<script>\nexport default { methods: { async share() { showError(t('deck', 'Could not share the board')) } } }\n</script>\n",
        "src/Delete.vue": "<script>\nexport default { methods: { del() { showUndo(t('deck', 'Board deleted')) } } }\n</script>\n",
    },
}

REPORTS = {
    "laravel": (
        'Beim Kauf kommt "Die Bestellung 17 konnte nicht angelegt werden" obwohl alles da ist',
        "app/Http/OrderController.php",
    ),
    "dotnet": (
        "Impossible de commander\n\nLa page affiche « Le stock est insuffisant » alors que le magasin est plein",
        "Shop/StockService.cs",
    ),
    "flutter": (
        "No puedo pagar\n\nSale «El banco rechazó el pago de 12 €» aunque el banco dice que sí",
        "lib/pay/pay_page.dart",
    ),
    "java": (
        "Stato sbagliato\n\nMi dice che l’ordine è in ritardo anche se è arrivato ieri",
        "src/main/java/com/shop/Tracker.java",
    ),
    "vue": (
        "Kupon nie działa\n\nPokazuje się „Ten kupon już wygasł”, a jest ważny do jutra",
        "src/components/Coupon.vue",
    ),
    "ios": (
        "ログインできない\n\n一回間違えただけで「アカウントがロックされています」と表示される",
        "App/LoginView.swift",
    ),
    "angular": (
        "Adresse wird nicht erkannt\n\nIch habe sie eingegeben, trotzdem steht da: Die Lieferadresse fehlt noch",
        "src/app/ship.component.html",
    ),
    "rails_ns": (
        'Verkeerde melding\n\nIk zie "Bestelling geannuleerd door de klant" terwijl ik niets deed',
        "app/controllers/orders_controller.rb",
    ),
    "nextjson": ("Нельзя поделиться доской\n\nПишет: Не удалось поделиться доской", "src/Share.vue"),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root: Path = tmp_path_factory.mktemp("catalogues")
    for name, files in SYSTEMS.items():
        make_repo(root / "repos" / name, [files])
    return Index.open(indexed(root / "index", root / "repos"))


@pytest.mark.slow
@pytest.mark.parametrize("name", REPORTS)
def test_the_code_that_shows_a_text_comes_first(index: Index, name: str) -> None:
    report, path = REPORTS[name]
    first = locate(index, report, Options(explain=True)).files[0]
    assert (first.repo, first.path) == (name, path)
    said = [e for e in first.evidence if e.voter == "shown"]
    assert said and said[0].line > 0
