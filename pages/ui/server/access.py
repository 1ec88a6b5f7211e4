"""Who may use the server: requests to names of this machine, from pages that it served itself."""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SECURITY_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # What a name from somebody else's file could make a page fetch, were it taken for markup.
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'self'; form-action 'self'; "
    "object-src 'none'; frame-src 'self' data: blob:; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:",
}
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


class AccessMiddleware:
    """Refuses what a page of another site sends.

    A page can let its own name point to this machine (DNS rebinding) and then passes as the same origin; its
    requests carry that name as their host. Pages on other ports of this machine are other origins.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        """Serve ``app`` to this machine and under ``allowed_hosts``: names or addresses, without a port."""
        self.app = app
        self.allowed_hosts = LOCAL_HOSTS | set(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if _host_name(host) not in self.allowed_hosts:
            reason = (
                f"This server does not answer to the name {host!r}. If the name is yours, start the server "
                "with it: streamlit run app.py -- --allow-host NAME"
            )
        elif origin is not None and not _same_origin(origin, host):
            reason = "Requests of other sites are refused."
        else:
            await self.app(scope, receive, _with_security_headers(send))
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before accepting: answered with 403
        else:
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)


def _with_security_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
        await send(message)

    return send_with_headers


def _host_name(host: str) -> str | None:
    """Return the name in a ``Host`` header without its port, or None where it is not one."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for what is not a port
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and "@" not in host else None


def _same_origin(origin: str, host: str) -> bool:
    """Return whether a page with this ``Origin`` was served by this host and port.

    The scheme is not compared: a proxy may add TLS.
    """
    scheme, _, rest = origin.partition("://")
    return scheme in {"http", "https"} and rest.lower() == host.lower()


def allowed_hosts(arguments: Sequence[str], address: str | None) -> frozenset[str]:
    """Return the names beside those of this machine that the server answers to.

    Args:
        arguments: of ``app.py`` on the command line, after ``--``.
        address: that the server listens on; one for all interfaces names none.

    Raises:
        SystemExit: with a message, for arguments that are not understood.
    """
    parser = argparse.ArgumentParser(prog="streamlit run app.py --", description="The dashboard.")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        type=_host_argument,
        metavar="NAME",
        help="a name or address of this machine in a trusted network, as in the address bar but without the "
        "port; may be repeated",
    )
    named = frozenset(parser.parse_args(arguments).allow_host)
    return named if address in {None, "", "0.0.0.0", "::"} else named | {str(address).lower()}


def _host_argument(text: str) -> str:
    name = text.lower()
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        if _HOST_NAME.fullmatch(name):
            return name
    raise argparse.ArgumentTypeError(f"not a name of a machine: {text[:80]!r}")
