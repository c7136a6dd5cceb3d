"""Names by which web frameworks serve routes and clients call them: the tables of `parse_routes`."""

from __future__ import annotations

import re
from typing import Final

from indexer.parse.text import words

VERBS: Final = ("get", "post", "put", "delete", "patch", "head", "options")

VERB_OF: Final = {
    name: verb.upper()
    for verb in VERBS
    for name in (
        verb,
        verb.upper(),
        verb.title(),
        f"{verb.title()}Mapping",
        f"Http{verb.title()}",
        f"Map{verb.title()}",
        f"{verb.title()}Exchange",
        f"http_{verb}",
        f"add_{verb}",
    )
}
"""Callee or annotation -> verb: get("/x"), @GetMapping, [HttpGet], MapGet, add_get."""

ANNOTATED: Final = words(
    "RequestMapping Path Route route Controller RestController JsonController ApplicationPath "
    "RoutePrefix WebServlet HttpExchange expose websocket"
)
"""Annotations that hold a route and no verb."""

ROUTE_ARGUMENTS: Final = frozenset({b"value", b"path", b"Path", b"prefix", b"url", b"uri", b"urlPatterns"})
"""Named arguments of annotations that hold the route."""

CLIENT_TYPES: Final = (b"FeignClient", b"RegisterRestClient", b"HttpExchange")
"""Annotations whose types declare calls, not handlers."""

SERVED: Final = frozenset(
    {"handle", "handlefunc", "route", "addroute", "addurlrule", "addapiroute", "mapmethods"}
)
"""Callees, lower-cased without underscores, that bind a route to a handler."""

SERVED_ON_SERVER: Final = frozenset({"add", "all", "any", "match", "method", "methodfunc", "resource", "map"})
"""The same, where they are called on something that is a server by its name."""

REGISTERS: Final = ("registerhandler", "addhandler", "addresource")
"""Ends of such callees in plain C and elsewhere: server_register_handler(svr, "/x", ...)."""

URLCONF: Final = frozenset({"path", "re_path", "url"})
"""Python functions that bind a route without a leading slash."""

GROUPS: Final = frozenset(
    {"group", "routergroup", "apirouter", "blueprint", "pathprefix", "mapgroup", "subrouter"}
)
"""Callees, lower-cased, whose route is the prefix of what is bound on their result."""

_CALLED_AS: Final = {
    "": "fetch request Request NewRequest NewRequestWithContext exchange uri ajax axios open URL URI create",
    "GET": "urlopen getForObject getForEntity getJSON GetAsync GetStringAsync GetFromJsonAsync HttpGet",
    "POST": "postForObject postForEntity postForLocation PostForm PostAsync PostAsJsonAsync HttpPost",
    "PUT": "PutAsync PutAsJsonAsync HttpPut",
    "DELETE": "DeleteAsync HttpDelete",
    "PATCH": "PatchAsync HttpPatch patchForObject",
}

CALLED: Final = {callee: verb for verb, callees in _CALLED_AS.items() for callee in words(callees)}
"""Callee of a client -> verb, "" where an argument says it."""

UNSURE_CALLED: Final = frozenset({"open", "URL", "URI", "Request", "create"})
"""Those of them that count only with a whole URL or a verb beside it."""

CLIENT: Final = re.compile(
    r"axios|http|client|request|fetch|session|rest|agent|curl|faraday|httparty|guzzle|unirest|superagent"
    r"|got|ky|urllib|webtarget|caller|reqwest|^\$$",
    re.IGNORECASE,
)
"""Names of things that send requests."""

SERVER: Final = re.compile(
    r"\$?(?:app|api|router?|routes?|r|e|g|rg|mux|srv|svr|server|group|fastify|engine|web|v\d+|blueprint|bp"
    r"|root|echo|gin|chi|endpoints|\w*router|\w*routes?|\w*group|\w*app|\w*mux|\w*blueprint|\w*_bp)$",
    re.IGNORECASE,
)
"""Names of things that serve them."""
