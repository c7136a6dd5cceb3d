"""Secrets: none of a corpus gets through, and ordinary code stays as it is. No secret stands in this file."""

from __future__ import annotations

import base64
import json
import random
import string
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.redact import redact

LETTERS = string.ascii_letters + string.digits
Make = Callable[[random.Random], str]


def some(r: random.Random, size: int, of: str = LETTERS) -> str:
    return "".join(r.choice(of) for _ in range(size))


def dotted(*sizes: int) -> Make:
    return lambda r: ".".join(some(r, n, LETTERS + "-_") for n in sizes)


def led(lead: str, size: int, of: str = LETTERS) -> Make:
    return lambda r: lead + some(r, size, of)


def encoded(r: random.Random, told: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def web_token(r: random.Random) -> str:
    return f"{encoded(r, {'alg': 'HS256', 'typ': 'JWT'})}.{encoded(r, {'sub': some(r, 9)})}.{some(r, 43)}"


# Tokens that are secret wherever they stand. Parts are joined here so that no token stands in the file.
TOKENS: dict[str, Make] = {
    "aws id": led("AK" + "IA", 16, string.ascii_uppercase + string.digits),
    "aws session": led("AS" + "IA", 16, string.ascii_uppercase + string.digits),
    "github": led("gh" + "p_", 36),
    "github app": led("gh" + "s_", 36),
    "github fine": led("github" + "_pat_", 82),
    "gitlab": led("gl" + "pat-", 20),
    "slack bot": lambda r: "xo" + "xb-" + some(r, 12, string.digits) + "-" + some(r, 24),
    "slack hook": lambda r: (
        "https://hooks.slack" + ".com/services/T" + some(r, 8) + "/B" + some(r, 8) + "/" + some(r, 24)
    ),
    "stripe": led("sk_" + "live_", 24),
    "stripe restricted": led("rk_" + "test_", 24),
    "openai": lambda r: "sk-" + some(r, 20) + "T3Blbk" + "FJ" + some(r, 20),
    "openai project": led("sk-" + "proj-", 48),
    "anthropic": led("sk-" + "ant-api03-", 80),
    "google": led("AI" + "za", 35),
    "google oauth": led("GOC" + "SPX-", 28),
    "google access": led("ya" + "29.", 60),
    "sendgrid": lambda r: "S" + "G." + some(r, 22) + "." + some(r, 43),
    "npm": led("np" + "m_", 36),
    "pypi": led("py" + "pi-AgEIcHlwaS5vcmc", 70),
    "hugging face": led("h" + "f_", 34),
    "digital ocean": led("do" + "p_v1_", 64, "0123456789abcdef"),
    "vault": led("hv" + "s.", 24),
    "databricks": led("da" + "pi", 32, "0123456789abcdef"),
    "mailgun": led("ke" + "y-", 32, "0123456789abcdef"),
    "telegram": lambda r: some(r, 9, "123456789") + ":AA" + some(r, 33),
    "discord": lambda r: "M" + some(r, 23) + "." + some(r, 6) + "." + some(r, 27),
    "twilio": led("S" + "K", 32, "0123456789abcdef"),
    "web token": web_token,
    "age": led("AGE-SECRET" + "-KEY-1", 58, string.ascii_uppercase + string.digits),
    "bcrypt": lambda r: "$2" + "b$12$" + some(r, 53),
}
TOKEN_LINES = (
    "{}",
    "the log says token {} was refused",
    'client = Client("{}")',
    "curl -H 'X-Key: {}' https://shop.example/orders",
    "key: {}  # do not commit",
    "| key | `{}` |",
    '{{"value":"{}"}}',
    "https://shop.example/?k={}&page=2",
)

# Words that are secret by what stands before them.
WORDS: dict[str, Make] = {
    "short": lambda r: some(r, 7) + r.choice("!@#%") + "7",
    "long": lambda r: some(r, 20) + "4x",
    "hex": lambda r: some(r, 30, "0123456789abcdef") + "a1",
    "base64": lambda r: some(r, 38, LETTERS + "+/") + "9=",
}
WORD_LINES = (
    'password = "{}"',
    "PASSWORD={}",
    "DB_PASSWORD='{}'",
    "spring.datasource.password={}",
    "  password: {}",
    '"client_secret": "{}",',
    "api_key: '{}'",
    'apiKey := "{}"',
    'String secretKey = "{}";',
    'const token: string = "{}";',
    "export AUTH_TOKEN={}",
    'setPassword("{}")',
    'if (password == "{}") {{',
    "mysql --password={} shop",
    "curl -u admin:{} http://shop.example",
    "postgres://shop:{}@db.internal:5432/orders",
    "redis://:{}@cache:6379/0",
    "amqp://guest:{}@mq",
    "Server=db;User Id=sa;Password={};Encrypt=true",
    "jdbc:mysql://db/shop?user=a&password={}&ssl=true",
    "machine db.internal login shop password {}",
    "Authorization: Bearer {}00000000",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}0000000000000000;EndpointSuffix=x",
    "  <password>{}</password>",
    "aws_secret_access_key = {}",
    "private_key='{}'",
    'ENV SECRET_TOKEN="{}"',
    'props.put("db.password", "x"); props.setProperty("password", "y") // password: "{}"',
)


@pytest.mark.parametrize("kind", TOKENS)
def test_no_token_gets_through(kind: str) -> None:
    r = random.Random(kind)
    for line in TOKEN_LINES:
        for _ in range(5):
            secret = TOKENS[kind](r)
            told = redact(f"def main():\n    # before\n    {line.format(secret)}\n    return 1\n")
            assert secret not in told.text, line
            assert secret[8:] not in told.text, line
            assert told.total >= 1
            assert "return 1" in told.text


@pytest.mark.parametrize("line", WORD_LINES)
@pytest.mark.parametrize("kind", WORDS)
def test_no_password_gets_through(kind: str, line: str) -> None:
    r = random.Random(f"{kind}{line}")
    for _ in range(8):
        secret = WORDS[kind](r)
        told = redact(f"# a\n{line.format(secret)}\n# b\n")
        assert secret not in told.text
        assert told.text.startswith("# a\n")
        assert told.text.endswith("# b\n")


@pytest.mark.parametrize("word", ["hunter", "correcthorsebattery", "letmein", "Sommer"])
def test_a_plain_word_is_a_password_where_one_stands(word: str) -> None:
    for line in (
        f'password = "{word}"',
        f"PASSWORD={word}\n",
        f"  password: {word}\n",
        f"passphrase='{word}'",
    ):
        assert word not in redact(line).text


HEADS = ("RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
         "PGP PRIVATE KEY BLOCK")  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_key_blocks_go_whole_cut_quoted_or_in_one_line(head: str) -> None:
    r = random.Random(head)
    rows = [some(r, 64, LETTERS + "+/") for _ in range(12)]
    begin, end = f"-----BEGIN {head}-----", f"-----END {head}-----"
    block = "\n".join([begin, *rows, end])
    shapes = {
        "whole": block,
        "beginning": "\n".join([begin, *rows[:6]]),
        "middle": "\n".join(rows[2:9]),
        "end": "\n".join([*rows[6:], end]),
        "indented": "\n".join("    " + line for line in block.split("\n")),
        "quoted": "\n".join(f'    "{line}\\n" +' for line in rows),
        "one line": json.dumps({"key": block}),
    }
    for name, text in shapes.items():
        told = redact(f"before\n{text}\nafter\n")
        assert not any(row[4:60] in told.text for row in rows), name
        assert told.text.startswith("before\n"), name


@pytest.mark.slow
def test_a_secret_far_into_a_long_line_is_found() -> None:
    r = random.Random(7)
    for at in (0, 7_980, 8_000, 15_400, 100_000):
        secret = TOKENS["github"](r)
        assert secret not in redact("x " * (at // 2) + secret + " y" * 20_000).text


def test_secrets_are_counted_by_kind() -> None:
    r = random.Random(1)
    text = "\n".join([TOKENS["aws id"](r), TOKENS["github"](r), TOKENS["github"](r), 'password = "tea7pot!"'])
    told = redact(text)
    assert told.total == sum(told.kinds.values()) == 4
    assert told.text.count("[redacted ") == 4


def test_redacting_twice_changes_nothing() -> None:
    r = random.Random(2)
    lines = [line.format(WORDS["long"](r)) for line in WORD_LINES] + [m(r) for m in TOKENS.values()]
    once = redact("\n".join(lines)).text
    assert redact(once).text == once


ORDINARY = '''
class TokenStore:
    """Keeps the password hashes of users; see the manual."""

    def __init__(self, path: str, token_type: str = "bearer", password: str | None = None) -> None:
        self.password_file = "/run/secrets/db"
        self.token = config.get("auth.token")
        self.secret = os.environ["SHOP_SECRET"]
        self.api_key = settings.api_key
        self.auth_url = "https://auth.shop.example/token?grant=code"
        self.credentials = Credentials(username, password)

    def check(self, password: str) -> bool:
        if password == "" or token is None:
            raise PasswordError("the password is wrong: try again")
        return self.tokens.append(tokenize(password)) and author == "Jane Doe"
'''
YAML = """
    secretName: orders-db
    SECRETSTORE_PORT: '8200'
    password: ${DB_PASSWORD}
    token: <your-token>
    passwordFile: /run/secrets/db
    api_key: "{{ .Values.apiKey }}"
    image: registry.example/shop/orders:1.4.2
    commit: 3b77b7bcd676d1e4925ab79d335f7df6356f6145
    id: 6f9619ff-8b86-d011-b42d-00cf4fc964ff
"""


@pytest.mark.parametrize(
    "line", ["mysql --password {}", "run -token {}", "run --db-password '{}'", "--client-api-key={}"]
)
def test_options_of_any_name_hold_passwords_of_any_kind(line: str) -> None:
    for secret in ("correcthorse", "Hunter22", "a1b2c3d4"):
        assert secret not in redact(f"$ {line.format(secret)} shop").text


def test_a_name_that_ends_like_an_option_is_none() -> None:
    said = "function get-token holds the report's words; make get-secret again; see reset-password below"
    assert redact(said).text == said
    assert "x7#kq" not in redact("we send x-token x7#kq with it").text
    assert "a1b2c3d4" not in redact("X-Auth-Token a1b2c3d4").text


@pytest.mark.parametrize("text", [ORDINARY, YAML])
def test_ordinary_code_stays_as_it_is(text: str) -> None:
    told = redact(text)
    assert told.text == text
    assert told.total == 0


@pytest.mark.slow
def test_few_lines_of_real_code_are_taken_for_secrets() -> None:
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:120]
    lines = found = 0
    for module in modules:
        text = module.read_text("utf-8", "replace")
        lines += text.count("\n")
        found += redact(text).total
    assert lines > 30_000
    assert found < lines / 3_000


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    told = redact(text)
    assert told.text == text or told.total > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["://" * 40_000, "eyJ" * 30_000, "password" * 10_000, "password=" * 10_000, "-----BEGIN PRIVATE KEY-----" * 3000,
     "a" * 200_000, "A1" * 100_000, "key-" * 30_000, "x:" * 60_000, '"' * 100_000, ("A" * 64 + "\n") * 3000,
     "token : : : : " * 8000, "https://a:b" * 10_000, " " * 200_000, "--password " * 10_000],
)  # fmt: skip
def test_hostile_texts_take_linear_time(text: str) -> None:
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 5


def test_keys_between_numbers_of_lines() -> None:
    """Code is shown with its lines' numbers, and a part of a key is one too."""
    rows = [
        f"{n:>4} {'MIIEowIBAAKCAQEAx7Jq2' + 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z' * 2}"[:69]
        for n in range(12, 20)
    ]
    assert "KCAQEA" not in redact("def key():\n" + "\n".join(rows) + "\n  20 done\n").text
    assert "KCAQEA" not in redact("\n".join(r.strip().replace(" ", ": ", 1) for r in rows)).text
