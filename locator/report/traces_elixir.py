"""How Elixir prints a call in a stack trace."""

from __future__ import annotations

from collections.abc import Iterator

from locator.report.traces_compiled import Lines, Raw, lineno
from summaries.patterns import pattern

_CALL = pattern(
    r"\s{0,40}(?:\(([\w-]{1,80})(?: [\w.+-]{1,40})?\) )?"
    r"([^\s:()\"']{1,300}\.(?:exs?|erl|[hls]?eex)):(\d+): ([^\n]{1,400})"
)
_NAME = pattern(
    r"(?:anonymous fn/\d{1,3} in )?:?((?>(?:\w+\.)*))(?:([a-z_]\w*[!?]?)|\"-?([a-z_]\w*[!?]?)[^\"\n]*\")[/(]"
)
# What comes with the language: lib/ of github.com/elixir-lang/elixir and of github.com/erlang/otp.
_LANGUAGE = frozenset(
    "elixir eex ex_unit iex logger mix stdlib kernel erts ssl crypto inets public_key sasl".split()
)


_TERM = pattern(  # {Shop.Orders, :place, 1, [file: 'lib/shop/orders.ex', line: 12]}
    r"\{:?([\w.]{1,200}), :(?:(\w{1,100}[!?]?)|\"-?(\w{1,100}[!?]?)[^\"\n]{0,200}\"), (?:\d{1,3}|\[[^\n]{0,400}?\]),"
    r" \[file: (?:~c)?['\"]([^'\"\n]{1,300})['\"], line: (\d{1,7})"
)


def elixir(lines: Lines, i: int) -> Iterator[Raw]:
    """`(shop 0.1.0) lib/shop/orders.ex:12: Shop.Orders.place/1`; arguments where no clause fits them; closures; as terms."""
    line = lines[i]
    if (".e" in line or "eex:" in line) and (m := _CALL.match(line)) and (said := _NAME.match(m[4])):
        name = f"{said[1]}{said[2] or said[3]}"
        yield Raw(m[2], lineno(m[3]), *elixir_name(name), package=m[1] or "", foreign=m[1] in _LANGUAGE)
    elif "[file: " in line:
        for m in _TERM.finditer(line):
            yield Raw(m[4], lineno(m[5]), *elixir_name(f"{m[1]}.{m[2] or m[3]}"), whole=False)


def elixir_name(name: str) -> tuple[str, str]:
    """("Orders.place", "Shop.Orders") of "Shop.Orders.place/1"."""
    owner, _, function = name.lstrip(":").partition("/")[0].rpartition(".")
    return f"{owner.rpartition('.')[2]}.{function}".strip("."), owner
