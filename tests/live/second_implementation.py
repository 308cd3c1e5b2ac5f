#!/usr/bin/env python3
"""Proves custody as docs/custody.md tells it, written from that page and C2SP age alone: a second opinion.

    second_implementation.py vectors FOLDER                     checks every file of tests/vectors
    second_implementation.py prove FILE RECORD POLICY IDENTITY  prints the outcome as JSON; POLICY: {"reader": "key"}

Needs the package `cryptography`. IDENTITY holds an X25519 identity.
"""

import base64, hashlib, hmac, json, pathlib, re, sys
from collections import Counter
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey as Secret, X25519PublicKey as Public
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NS, AGE = b"secrets-cli", b"age-encryption.org/v1"
hkdf = lambda ikm, salt, info: HKDF(hashes.SHA256(), 32, salt, info).derive(ikm)
b64 = lambda data: base64.b64encode(data).rstrip(b"=")
unb64 = lambda text: base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
base = lambda secret: secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Tampered(Exception):
    pass


def demand(fact):
    if not fact:
        raise Tampered


def bech32(text):
    bits = "".join(f"{'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.index(c):05b}" for c in text.lower().rsplit("1", 1)[1][:-6])
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) // 8 * 8, 8))


def jcs(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(key)}:{jcs(value[key])}" for key in keys) + "}"
    return "[" + ",".join(map(jcs, value)) + "]" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)


def binding_digest(sealed):
    return hashlib.sha256(NS + b"/sealed/v1\0" + jcs(sealed).encode()).digest()


def encode(words, body):
    lines = b64(body)
    return b"-> " + b" ".join(words) + b"\n" + b"".join(lines[i : i + 64] + b"\n" for i in range(0, len(lines) + 1, 64))


def parse(file):
    """Stanzas as (words, body), what the MAC covers, the MAC, the payload; only the one canonical form is taken."""
    found = re.match(rb"age-encryption\.org/v1\n((?:-> [!-~]+(?: [!-~]+)*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+)--- ([A-Za-z0-9+/]{43})\n", file)
    demand(found)
    pieces = [piece.split(b"\n", 1) for piece in re.split(rb"^-> ", found[1], flags=re.M)[1:]]
    stanzas = [(words.split(b" "), unb64(body.replace(b"\n", b""))) for words, body in pieces]
    demand(b"".join(encode(*stanza) for stanza in stanzas) == found[1] and b64(unb64(found[2])) == found[2])
    demand(len(stanzas) == 1 or all(words[0] != b"scrypt" for words, _ in stanzas))
    return stanzas, file[: found.start(2) - 1], unb64(found[2]), file[found.end() :]


def public(text):
    """Stanza type T, recipient bytes R, Montgomery u."""
    if text.startswith("age1"):
        return b"X25519", bech32(text), bech32(text)
    kind, wire = text.split(" ")[0].encode(), base64.b64decode(text.split(" ")[1])
    y, p = int.from_bytes(wire[-32:], "little") % 2**255, 2**255 - 19
    return kind, wire, ((1 + y) * pow(1 - y, -1, p) % p).to_bytes(32, "little") if kind == b"ssh-ed25519" else None


def seed(file_key, salt, kind, r, ns=NS):
    info = ns + b"/v1/stanza-seed\0" + bytes([len(kind)]) + kind + len(r).to_bytes(2, "big") + r
    return hkdf(file_key, salt, info)


def derive(file_key, salt, kind, r, u):
    ephemeral, label = Secret.from_private_bytes(seed(file_key, salt, kind, r)), AGE + b"/" + kind
    share, shared, words = base(ephemeral), ephemeral.exchange(Public.from_public_bytes(u)), [kind]
    if kind == b"ssh-ed25519":
        shared = Secret.from_private_bytes(hkdf(b"", r, label)).exchange(Public.from_public_bytes(shared))
        words.append(b64(hashlib.sha256(r).digest()[:4]))
    return encode([*words, b64(share)], ChaCha20Poly1305(hkdf(shared, share + u, label)).encrypt(bytes(12), file_key, None))


def unwrap(stanzas, identity):
    """Every file key that the identity finds, be it that of the file or not."""
    for words, body in stanzas:
        try:
            demand(words[0] == b"X25519" and len(words) == 2 and len(body) == 32)
            shared = identity.exchange(Public.from_public_bytes(unb64(words[1])))
            key = hkdf(shared, unb64(words[1]) + base(identity), AGE + b"/X25519")
            yield ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
        except Exception:  # it is for somebody else, or for nobody
            pass


def open_payload(file_key, payload):
    aead, chunks = ChaCha20Poly1305(hkdf(file_key, payload[:16], b"payload")), payload[16:]
    size, value = 64 * 1024 + 16, b""
    for start in range(0, len(chunks), size):
        nonce = (start // size).to_bytes(11, "big") + bytes([start + size >= len(chunks)])
        value += aead.decrypt(nonce, chunks[start : start + size], None)
    return value


def prove(file, sealed, policy, identity):
    """Outcome and value. `policy`: the key of each reader."""
    try:
        stanzas, covered, mac, payload = parse(file)
        (words, body), *others = stanzas
        demand([words[0] == NS + b"/binding" for words, _ in stanzas] == [True] + [False] * len(others))
        demand(words[1] == b"v1" and len(words) == 3 and body == binding_digest(sealed))
        keys = set(unwrap(others, identity))
        demand(keys and all(hmac.digest(hkdf(key, b"", b"header"), covered, "sha256") == mac for key in keys))
        value, salt = open_payload(keys.copy().pop(), payload), unb64(words[2])
    except Exception:  # `Tampered`, or one that the libraries raise at what is malformed
        return "tampered", None
    left = Counter(encode(*stanza) for stanza in others)
    outcome = {"proved": [], "plausible": [], "missing": []}
    for reader, entry in ((reader, entry) for reader in sorted(sealed["keys"]) for entry in sealed["keys"][reader]):
        kind, r, u = public(policy[reader]) if reader in policy else (None, b"", None)
        if "SHA256:" + b64(hashlib.sha256(r).digest()).decode() != entry["fp"]:
            continue  # policy does not know that key any more, so nobody can say what its stanza should be
        digest = lambda stanza: "sha256:" + hashlib.sha256(stanza).hexdigest()
        expected = [derive(*keys, salt, kind, r, u)] if u else [s for s in left if digest(s) == entry["stanza"]]
        there = bool(expected) and left[expected[0]] > 0
        left.subtract(expected[:1] if there else [])
        outcome[("proved" if u else "plausible") if there else "missing"].append(reader)
    return outcome | {"surplus": [s.split(b" ")[1].split(b"\n")[0].decode() for s in left.elements()]}, value


def identity_of(text):
    return Secret.from_private_bytes(bech32(re.search("AGE-SECRET-KEY-1[A-Z0-9]+", text)[0]))


def vectors(folder):
    load = lambda name: json.loads((pathlib.Path(folder) / f"{name}.json").read_text())
    people = load("identities")
    for v in load("seeds"):
        numbers = [bytes.fromhex(v[name]) for name in ("file_key", "salt")]
        assert seed(*numbers, *public(v["recipient"])[:2], v["namespace"].encode()).hex() == v["seed"]
    for v in load("stanzas"):
        numbers = [bytes.fromhex(v[name]) for name in ("file_key", "salt")]
        assert derive(*numbers, *public(v["recipient"])).decode() == v["stanza"]
    for v in load("sealed"):
        assert jcs(v["sealed"]) == v["jcs"] and "sha256:" + binding_digest(v["sealed"]).hex() == v["digest"]
    for v in load("files"):
        policy = {name: people[name]["recipient"] for name in v["readers"]}
        outcome, value = prove(base64.b64decode(v["file"]), v["record"]["sealed"], policy, identity_of(people["alice"]["identity"]))
        assert value == v["plaintext"].encode() and not outcome["missing"] + outcome["surplus"]
    for v in load("proofs"):
        found, _ = prove(base64.b64decode(v["file"]), v["record"]["sealed"], v["policy"], identity_of(people[v["opened_by"]]["identity"]))
        assert found == v["outcome"], (v["case"], found)
    return "all vectors hold"


if __name__ == "__main__":
    if sys.argv[1] == "vectors":
        print(vectors(sys.argv[2]))
    else:
        file, record, policy, identity = map(pathlib.Path, sys.argv[2:])
        sealed = json.loads(record.read_text())["sealed"]
        print(json.dumps(prove(file.read_bytes(), sealed, json.loads(policy.read_text()), identity_of(identity.read_text()))[0]))
