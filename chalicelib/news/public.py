"""Which IP addresses are public, and what a name resolves to. Pure, but for `addresses`."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread

Resolve = Callable[[str], Sequence[str]]
"""The addresses of a host, at least one, the best first. Raises OSError."""

_NOT_PUBLIC = [
    ip_network(each)
    for each in (
        # What Python's `is_global` misses, in some versions or in all.
        "192.0.0.0/24",  # of protocols; a cloud's metadata
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # a cloud's own, inside each of its machines
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved
        # Within IPv6's only public part, 2000::/3.
        "2001::/23",  # of protocols: Teredo, which leads to any IPv4 address, ORCHID, benchmarks
        "2001:db8::/32",  # for documents
        "2002::/16",  # 6to4, which leads to any IPv4 address
        "3ffe::/16",  # given back
        "3fff::/20",  # for documents
    )
]
_PUBLIC_V6 = IPv6Network("2000::/3")
"""All of IPv6 that is given out. IPv4 in other clothes (mapped, compatible, NAT64) is elsewhere, like all that is
private, local or multicast."""


def is_public(text: str) -> bool:
    """Whether it is the IP address of one machine in the public internet. False for what is not an address, and for one
    with a zone."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and (address.scope_id or address not in _PUBLIC_V6):
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)


def addresses(host: str) -> list[str]:
    """What this machine resolves the name to, at least one. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # for some of what can't be a name
        raise OSError from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def resolved(resolve: Resolve, host: str, seconds: float) -> Sequence[str]:
    """The addresses of the host. Raises OSError: TimeoutError after `seconds`, which no resolver would keep itself."""
    answers: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host))
        except OSError as error:
            answers.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer
