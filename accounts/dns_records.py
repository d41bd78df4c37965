"""TXT records, as the owners of a domain have set them."""

from __future__ import annotations

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from django.conf import settings

SECONDS = 5.0  # for one look-up, tries included


class Unanswered(Exception):
    """No server has said whether there is such a record."""


def texts(name: str) -> set[str]:
    """What the TXT records of a name say; none where there is no such name. Waits up to SECONDS; not in a transaction.

    Raises Unanswered.
    """
    resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
    if settings.DNS_SERVERS:
        resolver.nameservers = [_server(text) for text in settings.DNS_SERVERS]
    resolver.search = []
    try:
        answer = resolver.resolve(
            dns.name.from_text(name), "TXT", lifetime=SECONDS, raise_on_no_answer=False, search=False
        )
    except dns.resolver.NXDOMAIN:
        return set()
    except dns.exception.DNSException as error:
        raise Unanswered(f"{name}: {type(error).__name__}") from error
    return {b"".join(row.strings).decode("utf-8", "replace") for row in answer.rrset or ()}


def _server(text: str) -> dns.nameserver.Nameserver:
    """`192.0.2.1` or `192.0.2.1:5353`."""
    address, _, port = text.partition(":") if text.count(":") == 1 else (text, "", "")
    return dns.nameserver.Do53Nameserver(address, int(port or 53))
