"""Who may see the console in a browser: a login address that works once, then a cookie."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from console.language import _

COOKIE: Final = "maestro_web"
LOGIN_PATH: Final = "/login"
_SECRET_BYTES: Final = 32
_BROWSERS_MAX: Final = 16
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


class Lock:
    """Keeps hashes only. Everything but a good login needs the cookie of one."""

    def __init__(self, origin: str, tell: Callable[[str], None]) -> None:
        """`origin`: as browsers send it, `http://127.0.0.1:7718`; `tell` is given each new
        login address."""
        self._origin = origin
        self._authority = origin.partition("://")[2]
        self._tell = tell
        self._browsers: OrderedDict[bytes, None] = OrderedDict()
        self._key = b""

    def renew(self) -> None:
        """Make a new login address, and tell it; the one before ends."""
        key = secrets.token_urlsafe(_SECRET_BYTES)
        self._key = _hash(key)
        self._tell(f"{self._origin}{LOGIN_PATH}?key={key}")

    def middleware(self) -> Callable[[web.Request, Handler], object]:
        """For an aiohttp application, before everything else."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refused = self._refuse(request)
            if refused is not None:
                return refused
            if request.path == LOGIN_PATH:
                return self._log_in(request)
            if not self._is_known(request):
                return _refusal(
                    HTTPStatus.UNAUTHORIZED,
                    _(
                        "Not logged in. Open the address that `maestro web` printed in its"
                        " terminal."
                    ),
                )
            return await handler(request)

        return guard

    async def harden(self, request: web.Request, response: web.StreamResponse) -> None:
        """Nothing of other origins is loaded or told; nothing is kept by the browser."""
        del request
        socket = "ws://" + self._authority
        response.headers.update(
            {
                "Content-Security-Policy": (
                    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
                    f" font-src 'self'; img-src 'self' data:; connect-src 'self' {socket};"
                    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                ),
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Cache-Control": "no-store",
            }
        )

    def _refuse(self, request: web.Request) -> web.Response | None:
        """What no page but our own would send."""
        if request.headers.get("Host") != self._authority:
            return _refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                _("This is served at {origin} alone.").format(origin=self._origin),
            )
        if request.method not in _SAFE_METHODS:
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, _("Only GET and HEAD are served."))
        origin = request.headers.get("Origin")
        upgrades = "Upgrade" in request.headers
        if origin not in (None, self._origin) or (upgrades and origin is None):
            return _refusal(HTTPStatus.FORBIDDEN, _("Another page may not open this console."))
        return None

    def _log_in(self, request: web.Request) -> web.Response:
        given = _hash(request.query.get("key", ""))
        if not hmac.compare_digest(given, self._key):
            return _refusal(
                HTTPStatus.UNAUTHORIZED,
                _(
                    "This address was used before, or is wrong: each one logs one browser in. The"
                    " terminal of `maestro web` shows the next one."
                ),
            )
        if request.method == "HEAD":  # link checkers: they must not spend it
            return web.Response()
        session = secrets.token_urlsafe(_SECRET_BYTES)
        self._browsers[_hash(session)] = None
        while len(self._browsers) > _BROWSERS_MAX:
            self._browsers.popitem(last=False)
        self.renew()
        response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/"})
        response.set_cookie(COOKIE, session, httponly=True, samesite="Strict", path="/")
        return response

    def _is_known(self, request: web.Request) -> bool:
        return _hash(request.cookies.get(COOKIE, "")) in self._browsers


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _refusal(status: HTTPStatus, text: str) -> web.Response:
    return web.Response(status=status, text=text + "\n")
