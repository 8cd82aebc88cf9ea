"""Who may talk to the server: hosts, origins, tokens, and how much they may say."""

import hmac
import ipaddress
import socket
from collections.abc import Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "spacy_causal"
MAX_BODY = 64 * 1024
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

    A page elsewhere can have a browser send us requests: then `Origin` is another's; or
    can give its own name our address: then `Host` is one that we do not have.

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
            await self.app(scope, _limited(scope, receive), _with_headers(send))
        else:
            await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> PlainTextResponse | RedirectResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return PlainTextResponse("This server has no such name.", 421)
        origin = headers.get("origin")
        elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return PlainTextResponse("Not from another page.", 403)
        if elsewhere and scope["method"] != "GET":
            return PlainTextResponse("Not from another page.", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return PlainTextResponse("The request is too large.", 413)
        return self._unless_known(scope, headers)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _unless_known(
        self, scope: Scope, headers: Headers
    ) -> PlainTextResponse | RedirectResponse | None:
        if self.token is None:
            return None
        shown = _cookie(headers.get("cookie", ""))
        if _same(shown, cookie_of(self.token)):
            return None
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(bearer, self.token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"))
        given = dict(query).get("token", "")
        opens = scope["method"] == "GET" and scope["path"] == "/"
        if opens and _same(given, self.token):
            return _let_in(query, self.token)
        message = "Open the address with ?token=... that the server printed."
        return PlainTextResponse(message, 401)


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


def _let_in(query: list[tuple[str, str]], token: str) -> RedirectResponse:
    """Take the token out of the address, where others could read it."""
    rest = urlencode([(name, value) for name, value in query if name != "token"])
    answer = RedirectResponse(f"/?{rest}" if rest else "/", 303)
    answer.set_cookie(
        COOKIE, cookie_of(token), max_age=30 * 86400, httponly=True, samesite="strict"
    )
    return answer


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf8"), expected.encode("utf8"))


def _cookie(header: str) -> str:
    try:
        cookies: Mapping[str, Any] = SimpleCookie(header)
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _limited(scope: Scope, receive: Receive) -> Receive:
    """A body that comes in pieces may be no larger than one that says its length."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            return {"type": "http.disconnect"}
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return with_headers
