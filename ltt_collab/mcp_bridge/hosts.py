"""By which names requests may reach the bridge."""

from __future__ import annotations

from mcp.server.transport_security import TransportSecuritySettings

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def only_for(hosts: tuple[str, ...]) -> TransportSecuritySettings:
    """Only requests that name us as we are known: a web page that points its own name at us gets nothing."""
    names = [*LOOPBACK, *hosts]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[*names, *(f"{name}:*" for name in names)],
        allowed_origins=[origin for name in names for scheme in ("http", "https") for origin in _origins(scheme, name)],
    )


def _origins(scheme: str, name: str) -> tuple[str, str]:
    return f"{scheme}://{name}", f"{scheme}://{name}:*"
