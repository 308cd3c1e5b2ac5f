#!/usr/bin/env python3
"""Makes the test vectors of the sealing format, without a line of the Rust code: two implementations that agree.

Needs python3 with the package `cryptography`. Deterministic, but for new identities where identities.json is
missing. All identities here are worthless: they were made for this folder and protect nothing.
"""

import base64
import hashlib
import hmac
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = pathlib.Path(__file__).parent
NAMESPACE = "secrets-cli"
P = 2**255 - 19


def hkdf(salt, info, key):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(key)


def aead(key, plaintext, nonce=bytes(12)):
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, None)


def raw(public):
    return public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def b64(data):
    return base64.b64encode(data).decode().rstrip("=")


def unb64(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def polymod(values):
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate([0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3]):
            check ^= generator if top >> bit & 1 else 0
    return check


def bech32(hrp, data):
    bits = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = -(-len(data) * 8 // 5)
    fives = [bits >> 5 * (count - 1 - i) & 31 for i in range(count)]
    expanded = [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]
    check = polymod(expanded + fives + [0] * 6) ^ 1
    return hrp + "1" + "".join(CHARSET[v] for v in fives + [check >> 5 * (5 - i) & 31 for i in range(6)])


def unbech32(text):
    data = text[text.rindex("1") + 1 : -6]
    bits = 0
    for character in data:
        bits = bits << 5 | CHARSET.index(character)
    return (bits >> len(data) * 5 % 8).to_bytes(len(data) * 5 // 8, "big")


class Key:
    """A public key, as its text: type of stanza, recipient bytes R, Montgomery u."""

    def __init__(self, text):
        self.text = text
        if text.startswith("age1"):
            self.type, self.bytes = "X25519", unbech32(text)
            self.u = self.bytes
        else:
            self.type, encoded = text.split(" ")[:2]
            self.bytes = base64.b64decode(encoded)
            if self.type == "ssh-ed25519":
                y = int.from_bytes(self.bytes[-32:], "little") & (1 << 255) - 1
                self.u = ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")
        self.digest = hashlib.sha256(self.bytes).digest()
        self.fingerprint = "SHA256:" + b64(self.digest)


def stanza(words, body):
    text, encoded = "-> " + " ".join(words) + "\n", b64(body)
    while len(encoded) >= 64:
        text, encoded = text + encoded[:64] + "\n", encoded[64:]
    return text + encoded + "\n"


def seed_info(namespace, key):
    kind = key.type.encode()
    length = len(key.bytes).to_bytes(2, "big")
    return namespace.encode() + b"/v1/stanza-seed\0" + bytes([len(kind)]) + kind + length + key.bytes


def derived(file_key, salt, key):
    seed = hkdf(salt, seed_info(NAMESPACE, key), file_key)
    ephemeral = X25519PrivateKey.from_private_bytes(seed)
    share = raw(ephemeral.public_key())
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(key.u))
    label = b"age-encryption.org/v1/" + key.type.encode()
    words = [key.type, b64(share)]
    if key.type == "ssh-ed25519":
        tweak = X25519PrivateKey.from_private_bytes(hkdf(key.bytes, label, b""))
        shared = tweak.exchange(X25519PublicKey.from_public_bytes(shared))
        words = [key.type, b64(key.digest[:4]), b64(share)]
    body = aead(hkdf(share + key.u, label, shared), file_key)
    return {"seed": seed, "share": share, "body": body, "stanza": stanza(words, body)}


def wrapped(file_key, recipient, words=("X25519",)):
    """As every other tool seals: the ephemeral secret owes nothing to the file key."""
    key, ephemeral = Key(recipient), X25519PrivateKey.from_private_bytes(bytes(range(100, 132)))
    share = raw(ephemeral.public_key())
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(key.u))
    return stanza([*words, b64(share)], aead(hkdf(share + key.u, b"age-encryption.org/v1/X25519", shared), file_key))


def rsa_stanza(file_key, key):
    """RSAES-OAEP with a seed that is not random: for a vector, and for nothing else."""

    public = serialization.load_ssh_public_key(key.text.encode()).public_numbers()
    size = (public.n.bit_length() + 7) // 8

    def mask(seed, length):
        blocks = (hashlib.sha256(seed + i.to_bytes(4, "big")).digest() for i in range(-(-length // 32)))
        return b"".join(blocks)[:length]

    def xor(left, right):
        return bytes(a ^ b for a, b in zip(left, right))

    label = hashlib.sha256(b"age-encryption.org/v1/ssh-rsa").digest()
    block = label + bytes(size - len(file_key) - 66) + b"\x01" + file_key
    seed = hashlib.sha256(b"a seed for a test vector").digest()
    masked = xor(block, mask(seed, len(block)))
    message = b"\0" + xor(seed, mask(masked, 32)) + masked
    body = pow(int.from_bytes(message, "big"), public.e, public.n).to_bytes(size, "big")
    return stanza(["ssh-rsa", b64(key.digest[:4])], body)


def jcs(value):
    if isinstance(value, dict):
        items = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(jcs(key) + ":" + jcs(item) for key, item in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def binding_digest(sealed):
    return hashlib.sha256(NAMESPACE.encode() + b"/sealed/v1\0" + jcs(sealed).encode()).digest()


def payload(file_key, nonce, plaintext):
    key, size = hkdf(nonce, b"payload", file_key), 64 * 1024
    chunks = [plaintext[i : i + size] for i in range(0, len(plaintext), size)] or [b""]
    last = len(chunks) - 1
    return nonce + b"".join(aead(key, c, i.to_bytes(11, "big") + bytes([i == last])) for i, c in enumerate(chunks))


def header(file_key, stanzas):
    text = ("age-encryption.org/v1\n" + "".join(stanzas) + "---").encode()
    mac = hmac.new(hkdf(b"", b"header", file_key), text, hashlib.sha256).digest()
    return text + b" " + b64(mac).encode() + b"\n"


def identities():
    path = HERE / "identities.json"
    if path.exists():
        return json.loads(path.read_text())
    openssh = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    line = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    made = {"_": "worthless: made for these vectors, they protect nothing"}
    for name in ["alice", "ci"]:
        secret = hashlib.sha256(b"worthless identity of " + name.encode()).digest()
        public = raw(X25519PrivateKey.from_private_bytes(secret).public_key())
        made[name] = {"identity": bech32("age-secret-key-", secret).upper(), "recipient": bech32("age", public)}
    for name, secret in [
        ("bob", ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"worthless identity of bob").digest())),
        ("carol", rsa.generate_private_key(65537, 2048)),
    ]:
        public = secret.public_key().public_bytes(*line).decode()
        made[name] = {"identity": secret.private_bytes(*openssh).decode(), "recipient": public}
    return made


def sealed_object(readers, keys):
    return {
        "name": "utoronto/prod/azuread-client",
        "store": "01JB0000000000000000000001",
        "format": "text",
        "version": {
            "id": "01JB0000000000000000000002",
            "number": 3,
            "set_at": "2026-08-30T20:15:52Z",
            "set_by": "alice",
        },
        "issued": "2026-08-30T00:00:00Z",
        "expires": {"at": "2027-08-31T00:00:00Z", "from": "declared"},
        "readers": sorted(readers),
        "exposed_to": {name: sorted(key["fp"] for key in keys[name]) for name in readers},
        "keys": keys,
        "seal": 1788120952,
        "previous": "sha256:" + "0f" * 32,
    }


def whole_file(made, readers, file_key, salt, plaintext):
    keys, stanzas = {}, []
    for name in readers:
        key = Key(made[name]["recipient"])
        entry = {"type": key.type, "fp": key.fingerprint}
        if key.type == "ssh-rsa":
            stanzas.append(rsa_stanza(file_key, key))
            entry["stanza"] = "sha256:" + hashlib.sha256(stanzas[-1].encode()).hexdigest()
        else:
            stanzas.append(derived(file_key, salt, key)["stanza"])
        keys[name] = [entry]
    sealed = sealed_object(readers, keys)
    digest = binding_digest(sealed)
    stanzas.insert(0, stanza([NAMESPACE + "/binding", "v1", b64(salt)], digest))
    head = header(file_key, stanzas)
    nonce = hashlib.sha256(b"nonce" + file_key).digest()[:16]
    file = head + payload(file_key, nonce, plaintext)
    record = {"schema": 1, "sealed": sealed, "digest": "sha256:" + hashlib.sha256(file).hexdigest()}
    return {
        "readers": readers,
        "file_key": file_key.hex(),
        "salt": salt.hex(),
        "binding": "sha256:" + digest.hex(),
        "record": record,
        "plaintext": plaintext.decode(),
        "header": head.decode(),
        "file": base64.b64encode(file).decode(),
    }


def proofs(made):
    """Whole files, honest and attacked, and what proving them comes to. Policy knows everybody, unless it says so."""
    names = ["alice", "bob", "carol", "ci"]
    everybody = {name: made[name]["recipient"] for name in names}
    file_key, salt, plaintext = bytes(range(50, 66)), bytes(range(66, 98)), b"a canary that is worth nothing\n"
    outsider = bech32("age", raw(X25519PrivateKey.from_private_bytes(bytes(range(132, 164))).public_key()))
    other_key = wrapped(bytes(16), everybody["alice"])
    healthy = {"proved": ["alice", "bob", "ci"], "plausible": ["carol"], "missing": [], "surplus": []}
    without_ci = healthy | {"proved": ["alice", "bob"], "missing": ["ci"], "surplus": ["X25519"]}
    cases = []

    def case(name, outcome, change=None, opened_by="alice", policy=None, mac=True, record=None, tail=None, times=1):
        whole = whole_file(made, names, file_key, salt, plaintext * times)
        head, file = whole["header"], base64.b64decode(whole["file"])
        parts = ["-> " + part for part in head[: head.index("---")].split("-> ")[1:]]
        if change:
            change(parts)
        body = file[len(head) :]
        head = header(file_key, parts).decode() if mac else "age-encryption.org/v1\n" + "".join(parts) + head[head.index("---") :]
        file = head.encode() + (tail(body) if tail else body)
        if record:
            record(whole["record"]["sealed"])
        whole["record"]["digest"] = "sha256:" + hashlib.sha256(file).hexdigest()
        policy = everybody if policy is None else policy
        cases.append(
            {
                "case": name,
                "opened_by": opened_by,
                "policy": policy,
                "record": whole["record"],
                "file": base64.b64encode(file).decode(),
                "outcome": outcome,
            }
        )

    def put(index, text):
        return lambda parts: parts.__setitem__(index, text)

    def insert(index, text):
        return lambda parts: parts.insert(index, text)

    noise, zero = bytes(range(32)), stanza(["X25519", b64(bytes(32))], bytes(32))
    grown = healthy | {"surplus": ["X25519"]}
    case("healthy", healthy)
    case("healthy, opened by a machine", healthy, opened_by="ci")
    case("another order", healthy, lambda parts: parts.insert(1, parts.pop()))
    case("a stanza of noise in the place of ci's", "tampered", put(4, stanza(["X25519", b64(noise)], noise)), mac=False)
    case("the same, with the MAC made anew", without_ci, put(4, stanza(["X25519", b64(noise)], noise)))
    case("ci's stanza made by another tool", without_ci, put(4, wrapped(file_key, everybody["ci"])))
    case("alice's stanza in the place of ci's", without_ci, lambda parts: parts.__setitem__(4, parts[1]))
    case("alice's stanza twice", grown, lambda parts: parts.append(parts[1]))
    case("an outsider as grease", healthy | {"surplus": ["x-grease"]}, insert(5, wrapped(file_key, outsider, ["x-grease"])))
    case("a zero share, first", grown, insert(1, zero))
    case("a zero share, last", grown, insert(5, zero))
    case("another file key for alice, first", "tampered", insert(1, other_key))
    case("another file key for alice, last", "tampered", insert(5, other_key))
    case("another file key for alice, seen by ci", grown, insert(1, other_key), opened_by="ci")
    case("the legacy form of a stanza", "tampered", insert(5, stanza(["x"], bytes(48))[:-1]))
    case("the same stanza in its own form", healthy | {"surplus": ["x"]}, insert(5, stanza(["x"], bytes(48))))
    case("a passphrase beside the others", "tampered", insert(5, stanza(["scrypt", b64(bytes(16)), "10"], bytes(32))))
    case("the binding second", "tampered", lambda parts: parts.insert(1, parts.pop(0)))
    case("the binding twice", "tampered", lambda parts: parts.append(parts[0]))
    case("no binding", "tampered", lambda parts: parts.pop(0))
    other_salt = lambda parts: put(0, parts[0].replace(b64(salt), b64(bytes(32))))(parts)
    none_proved = ["X25519", "ssh-ed25519", "X25519"]
    case("another salt", {"proved": [], "plausible": ["carol"], "missing": ["alice", "bob", "ci"], "surplus": none_proved}, other_salt)
    case("a later expiry", "tampered", record=lambda sealed: sealed["expires"].update(at="2037-08-31T00:00:00Z"))
    case("another reader", "tampered", record=lambda sealed: sealed.update(readers=["alice", "bob", "carol"]))
    case("one bit of the first chunk", "tampered", tail=lambda body: body[:20] + bytes([body[20] ^ 1]) + body[21:])
    case("one bit of the last chunk", "tampered", tail=lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    case("two chunks", healthy, times=2500)
    case("the last of two chunks cut off", "tampered", tail=lambda body: body[: 16 + 64 * 1024 + 16], times=2500)
    case("a byte behind the last chunk", "tampered", tail=lambda body: body + b"\0")
    known = {name: key for name, key in everybody.items() if name != "ci"}
    unknown = healthy | {"proved": ["alice", "bob"], "surplus": ["X25519"]}
    case("a key that policy does not know", unknown, policy=known)
    case("a key that was exchanged in policy", unknown, policy=everybody | {"ci": outsider})
    return cases


def main():
    made = identities()
    file_key, salt = bytes(range(16)), bytes(range(32, 64))
    example = Key("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")
    bob = Key(made["bob"]["recipient"])

    seeds = []
    for namespace, key in [("secrets.example", example), (NAMESPACE, example), (NAMESPACE, bob)]:
        info = seed_info(namespace, key)
        seeds.append(
            {
                "namespace": namespace,
                "type": key.type,
                "recipient": key.text,
                "recipient_bytes": key.bytes.hex(),
                "file_key": file_key.hex(),
                "salt": salt.hex(),
                "info": info.hex(),
                "seed": hkdf(salt, info, file_key).hex(),
            }
        )
    assert seeds[0]["seed"] == "425a5ce0fdf649df9b1f2e85b860582373d82eeaedc25fb2bfcf6391551f2ad1"

    stanzas = []
    for key in [example, Key(made["alice"]["recipient"]), bob]:
        wrapped = derived(file_key, salt, key)
        text = wrapped.pop("stanza")
        entry = {"recipient": key.text, "montgomery": key.u.hex(), "file_key": file_key.hex(), "salt": salt.hex()}
        stanzas.append(entry | {name: value.hex() for name, value in wrapped.items()} | {"stanza": text})

    plain = sealed_object(["alice"], {"alice": [{"type": "X25519", "fp": Key(made["alice"]["recipient"]).fingerprint}]})
    # Everything that canonical JSON is about: escapes, keys that UTF-16 and code points sort differently.
    odd = plain | {
        "format": "binary",
        "expires": {"never": 'bound to "hardware" \\ läuft nie ab \u0001\u007f\u2028 \U0001f600\n\t'},
        "rotator": {"kind": "exec", "with": {"\ufb33": "1", "\U0001f600": "2", "\u20ac": "3", "\r": "4", "1": "", "A": "a"}},
        "probe": {"kind": "exec", "with": {}},
        "seal": 2**53 - 1,
    }
    del odd["previous"], odd["issued"]
    sealed = [
        {"sealed": value, "jcs": jcs(value), "digest": "sha256:" + binding_digest(value).hex()} for value in [plain, odd]
    ]

    files = [
        whole_file(made, ["alice", "bob", "ci"], file_key, salt, b"a canary that is worth nothing\n"),
        whole_file(made, ["alice", "bob", "carol", "ci"], bytes(range(16, 32)), bytes(range(64, 96)), b""),
    ]

    for name, value in [
        ("identities", made),
        ("seeds", seeds),
        ("stanzas", stanzas),
        ("sealed", sealed),
        ("files", files),
        ("proofs", proofs(made)),
    ]:
        text = json.dumps(value, indent=2, ensure_ascii=True) + "\n"
        (HERE / f"{name}.json").write_text(text)


if __name__ == "__main__":
    main()
