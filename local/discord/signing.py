"""How Discord signs: Ed25519 over the timestamp and the body. `cryptography` is imported when it is first needed."""


def new_key() -> tuple[str, str]:
    """A private key and its public key, both in hex."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw().hex(), key.public_key().public_bytes_raw().hex()


def signature(private_key: str, timestamp: str, body: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private_key))
    return key.sign(timestamp.encode() + body).hex()
