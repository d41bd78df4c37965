"""A name server on loopback that knows what a test tells it, and speaks DNS over UDP as any other does."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsServer:
    """`records` are TXT records by their names."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.broken = False  # answers SERVFAIL, as servers do that can't reach others
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """As DNS_SERVERS takes it."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                packet, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            self._socket.sendto(self._answer(packet), sender)

    def _answer(self, packet: bytes) -> bytes:
        query = dns.message.from_wire(packet)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif texts := self.records.get(name):
            quoted = [f'"{text}"' for text in texts]
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *quoted))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()
