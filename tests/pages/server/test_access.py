"""Who may use the server: tested on the middleware, without a server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pages.ui.server.access import AccessMiddleware, allowed_hosts


async def inner(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})


def ask(kind: str, host: str | None, origin: str | None = None, *allowed: str) -> list[dict[str, Any]]:
    """Return what the middleware sends."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    pairs: list[tuple[str, str | None]] = [("host", host), ("origin", origin)]
    headers = [(name.encode(), value.encode()) for name, value in pairs if value is not None]
    scope = {"type": kind, "method": "GET", "path": "/", "headers": headers}
    asyncio.run(AccessMiddleware(inner, allowed)(scope, receive, send))
    return sent


def status(kind: str, host: str | None, origin: str | None = None, *allowed: str) -> int:
    first = ask(kind, host, origin, *allowed)[0]
    if kind == "websocket":
        return {"websocket.accept": 101, "websocket.close": 403}[first["type"]]
    return int(first["status"])


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_only_this_machine_and_the_allowed_names_are_answered(kind: str) -> None:
    good = 200 if kind == "http" else 101
    for host in ("localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:1"):
        assert status(kind, host) == good, host
    foreign = "evil.example evil.example:8501 localhost.evil.example 127.0.0.1.evil.example evil@localhost"
    malformed = "localhost:port localhost:99999 localhost/x localhost? [::1 ::1:8501 127.1"
    for unknown in [*foreign.split(), *malformed.split(), "", "local host", None]:
        assert status(kind, unknown) == 403, unknown
    assert status(kind, "lab:8501", None, "lab") == good
    assert status(kind, "other-lab:8501", None, "lab") == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_pages_of_other_origins_are_refused(kind: str) -> None:
    good = 200 if kind == "http" else 101
    assert status(kind, "localhost:8501", "http://localhost:8501") == good
    assert status(kind, "lab", "https://lab", "lab") == good, "a proxy adds TLS and passes the host on"
    for origin in ("http://localhost:3000", "http://localhost", "http://127.0.0.1:8501", "null", ""):
        assert status(kind, "localhost:8501", origin) == 403, origin
    for origin in ("http://evil.example", "file://localhost:8501", "http://localhost:8501.evil.example"):
        assert status(kind, "localhost:8501", origin) == 403, origin


def test_no_other_site_may_frame_a_page_or_be_asked_for_an_image() -> None:
    headers = {name.decode(): value.decode() for name, value in ask("http", "localhost")[0]["headers"]}
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "img-src 'self' data: blob:" in policy


def test_names_are_allowed_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert allowed_hosts([], "127.0.0.1") == {"127.0.0.1"}
    assert allowed_hosts(["--allow-host", "Lab-PC", "--allow-host=[fe80::1]"], "0.0.0.0") == {
        "lab-pc",
        "fe80::1",
    }
    for wrong in ("*", "", "http://lab", "lab:8501", "lab pc", "-x", "x" * 5000):
        with pytest.raises(SystemExit):
            allowed_hosts([f"--allow-host={wrong}"], None)
    assert len(capsys.readouterr().err) < 4000
