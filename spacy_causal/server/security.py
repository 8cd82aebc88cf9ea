"""Who may talk to the server: hosts, origins, tokens, and how much they may say."""

import hmac
import ipaddress
import socket
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spacy_causal.server.messages import MOST_SPANS

COOKIE = "spacy_causal"
# Of each mention of a sentence its places, and 200 bytes for the name of its label.
MAX_BODY = 256 * MOST_SPANS
TOO_LARGE = "The request is too large."
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets through what comes from our own page, of a size it would have.

    A foreign page can make a browser send requests to us. Then `Origin` or
    `Sec-Fetch-Site` shows it, and all that it can do is link to our page. Or it can
    resolve its own name to our address: then `Host` is not one of our names.

    host (str): What the server listens on.
    token (str | None): What everybody has to show, in the cookie that an address with
        `?token=` sets, or as a bearer.
    """

    def __init__(self, app: ASGIApp, *, host: str, token: str | None):
        self.app, self.token = app, token
        self.names = {"localhost", host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # No websockets: a lifespan is all there is beside requests.
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        answer = self._refusal(scope)
        if answer is None:
            await self.app(scope, _limited(receive), _with_headers(send))
        else:
            await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return PlainTextResponse("This server has no such name.", 421)
        origin = headers.get("origin", f"http://{host}")
        site = headers.get("sec-fetch-site", "none")
        followed = site in ("none", "same-origin") or _opens(scope)
        if origin.partition("://")[2].lower() != host.lower() or not followed:
            return PlainTextResponse("Requests from other pages are refused.", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return JSONResponse({"detail": TOO_LARGE}, 413)
        return self._unless_known(scope, headers)

    def _is_ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname or "", parts.port
        except ValueError:
            return False
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _unless_known(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        if self.token is None:
            return None
        name = cookie_name(headers["host"])
        shown = cookie_parser(headers.get("cookie", "")).get(name, "")
        if _same(shown, cookie_of(self.token)):
            return None
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(bearer, self.token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"))
        given = dict(query).get("token", "")
        if _opens(scope) and _same(given, self.token):
            return _let_in(query, name, self.token)
        message = "Open the address with ?token=... that the server printed."
        return PlainTextResponse(message, 401)


def cookie_name(host: str) -> str:
    """What the cookie is called: a browser keeps one for all ports of a host."""
    return f"{COOKIE}_{urlsplit(f'//{host}').port or 80}"


def cookie_of(token: str) -> str:
    """What the cookie holds: not the token itself."""
    return hmac.new(token.encode("utf8"), b"cookie", sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _opens(scope: Scope) -> bool:
    """Whether it is the page that is asked for, as by a link."""
    return bool(scope["method"] == "GET" and scope["path"] == "/")


def _let_in(query: list[tuple[str, str]], cookie: str, token: str) -> PlainTextResponse:
    """Take the token out of the address, where others could read it.

    Not by a redirect: whoever followed a link from elsewhere, to a mail say, would be
    sent on without the cookie.
    """
    rest = urlencode([(name, value) for name, value in query if name != "token"])
    onward = {"Refresh": f"0; url=/?{rest}" if rest else "0; url=/"}
    answer = PlainTextResponse("Welcome.", headers=onward)
    answer.set_cookie(
        cookie, cookie_of(token), max_age=30 * 86400, httponly=True, samesite="strict"
    )
    return answer


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf8"), expected.encode("utf8"))


def _limited(receive: Receive) -> Receive:
    """A body that comes in pieces may be no larger than one that says its length."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return with_headers
