"""Whether a server lets a page of ours show it in a frame, by its content security policy."""

from __future__ import annotations

from urllib.parse import urlsplit


def allows_framing(policy: str, page: str, framed: str) -> bool:
    """Whether ``policy``, sent by ``framed``, lets ``page`` frame it (both are origins, as ``http://host:port``).

    Rules: https://www.w3.org/TR/CSP3/#directive-frame-ancestors; without the directive everybody may.
    """
    for directive in policy.lower().split(";"):
        name, *sources = directive.split() or [""]
        if name == "frame-ancestors":
            return any(_matches(source, page.lower(), framed.lower()) for source in sources)
    return True


def _matches(source: str, page: str, framed: str) -> bool:
    if source == "'self'":
        return page == framed
    if source == "*":
        return True
    scheme, colon, rest = source.partition("://")
    seen = urlsplit(page)
    if not colon:
        if source.endswith(":"):
            return source == f"{seen.scheme}:"
        scheme, rest = seen.scheme, source
    host, _, port = rest.rstrip("/").partition(":")
    return scheme == seen.scheme and _same_host(host, seen.hostname or "") and _same_port(port, seen.port, scheme)


def _same_host(wanted: str, host: str) -> bool:
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else wanted in {host, "*"}


def _same_port(wanted: str, port: int | None, scheme: str) -> bool:
    usual = {"http": 80, "https": 443}.get(scheme)
    return wanted == "*" or int(wanted or usual or 0) == (port or usual)
