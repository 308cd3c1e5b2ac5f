#!/usr/bin/env python3
"""Cuts age files open and sews them up again, as an attacker would who holds a key, or none.

It shares no line with the Rust code; the primitives are those that made tests/vectors. Needs the package
`cryptography`. Stanzas are counted from 0; in a file of ours, 0 is the binding. FILE is changed in place, and its
MAC is left as it was, unless `remac` follows. Bytes are hexadecimal on the way in and out.

    age_surgery.py show FILE                            stanzas, MAC and payload, as JSON
    age_surgery.py file-key FILE IDENTITY               IDENTITY: a file with an X25519 identity (AGE-SECRET-KEY-1…)
    age_surgery.py insert FILE AT STANZA                STANZA: as `wrap` and `stanza` print them, or a hex text
    age_surgery.py replace FILE AT STANZA               AT -1 is the last one; `insert` at -1 puts it behind the last
    age_surgery.py remove FILE AT
    age_surgery.py duplicate FILE FROM TO               a copy of FROM in the place of TO
    age_surgery.py noise FILE AT                        the same words, a body of random bytes of the same length
    age_surgery.py legacy FILE AT                       leaves out the empty last line behind a full one
    age_surgery.py remac FILE FILE_KEY                  makes the MAC anew
    age_surgery.py flip FILE OFFSET                     one bit of the payload; its 16 bytes of nonce are at 0, -1 is the last byte
    age_surgery.py cut FILE COUNT                       takes bytes off the end of the payload
    age_surgery.py append FILE BYTES                    puts bytes behind the payload
    age_surgery.py wrap FILE_KEY RECIPIENT [--type T]   a stanza for an `age1…` recipient with a random ephemeral
    age_surgery.py derive FILE_KEY SALT KEY             the stanza that sealing would write for an age or ssh-ed25519 key
    age_surgery.py zero-share FILE_KEY                  an X25519 stanza whose share, and so whose secret, is zero
    age_surgery.py scrypt FILE_KEY PASSPHRASE           a stanza for a passphrase, work factor 2^10
    age_surgery.py stanza BODY TYPE [ARG…]              any stanza
    age_surgery.py digest RECORD FILE                   has the record state the digest that the file now has
    age_surgery.py set RECORD POINTER JSON              sets what a JSON pointer names in the record, and nothing else
    age_surgery.py binding RECORD                       D of the record's `sealed`
    age_surgery.py rebind RECORD FILE FILE_KEY          binds the file to the record as it is: binding, MAC, digest
    age_surgery.py seal RECORD FILE VALUE KEYS          a new pair from public keys alone. RECORD is there, as a draft:
                                                        its keys and digest are filled in. KEYS: {"reader": ["age1…", …]}
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vectors"))
sys.dont_write_bytecode = True
import make

LABEL = b"age-encryption.org/v1/X25519"


class AgeFile:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        data = self.path.read_bytes()
        end = re.search(rb"^--- ?([^\n]*)\n", data, re.M)
        self.mac, self.payload = end[1], data[end.end() :]
        self.intro, *stanzas = re.split(rb"^-> ", data[: end.start()], flags=re.M)
        self.stanzas = [b"-> " + stanza for stanza in stanzas]

    def header(self):
        return self.intro + b"".join(self.stanzas) + b"---"

    def remac(self, file_key):
        mac = hmac.new(make.hkdf(b"", b"header", file_key), self.header(), hashlib.sha256).digest()
        self.mac = make.b64(mac).encode()

    def write(self):
        self.path.write_bytes(self.header() + b" " + self.mac + b"\n" + self.payload)


def words_and_body(stanza):
    words, _, body = stanza.decode().partition("\n")
    return words.split(" ")[1:], make.unb64(body.replace("\n", ""))


def identity_of(path):
    text = pathlib.Path(path).read_text()
    line = next(line for line in text.split() if line.startswith("AGE-SECRET-KEY-1"))
    return X25519PrivateKey.from_private_bytes(make.unbech32(line.lower()))


def unwrap(file, identity):
    for stanza in file.stanzas:
        words, body = words_and_body(stanza)
        if words[0] != "X25519":
            continue
        try:
            share = make.unb64(words[1])
            shared = identity.exchange(X25519PublicKey.from_public_bytes(share))
            key = make.hkdf(share + make.raw(identity.public_key()), LABEL, shared)
            file_key = ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
        except Exception:  # not for this identity, or hostile
            continue
        mac = hmac.new(make.hkdf(b"", b"header", file_key), file.header(), hashlib.sha256).digest()
        if make.b64(mac).encode() == file.mac:
            return file_key
    sys.exit("no stanza is for this identity")


def wrap(file_key, recipient, kind="X25519"):
    ephemeral, u = X25519PrivateKey.generate(), make.Key(recipient).u
    share = make.raw(ephemeral.public_key())
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(u))
    return make.stanza([kind, make.b64(share)], make.aead(make.hkdf(share + u, LABEL, shared), file_key))


def zero_share(file_key):
    body = make.aead(make.hkdf(bytes(32) + bytes(range(32)), LABEL, bytes(32)), file_key)
    return make.stanza(["X25519", make.b64(bytes(32))], body)


def scrypt(file_key, passphrase):
    salt = os.urandom(16)
    key = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**10, 8, 1).derive(passphrase.encode())
    return make.stanza(["scrypt", make.b64(salt), "10"], make.aead(key, file_key))


def legacy(stanza):
    return stanza.removesuffix(b"\n") if stanza.endswith(b"\n\n") else sys.exit("its body does not fill its last line")


def noise(stanza):
    words, body = words_and_body(stanza)
    return make.stanza(words, os.urandom(len(body))).encode()


def read_record(path):
    return json.loads(pathlib.Path(path).read_text())


def write_record(path, record):
    pathlib.Path(path).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def set_digest(path, file):
    record = read_record(path)
    record["digest"] = "sha256:" + hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest()
    write_record(path, record)


def set_field(path, pointer, value):
    record = read_record(path)
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    place = record
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    place[int(last) if isinstance(place, list) else last] = json.loads(value)
    write_record(path, record)


def binding(record, salt):
    return make.stanza([make.NAMESPACE + "/binding", "v1", make.b64(salt)], make.binding_digest(record["sealed"])).encode()


def rebind(path, file, file_key):
    salt = make.unb64(words_and_body(file.stanzas[0])[0][2])
    file.stanzas[0] = binding(read_record(path), salt)
    file.remac(file_key)
    file.write()
    set_digest(path, file.path)


def seal(path, file, value, keys):
    record, file_key, salt, stanzas, sealed_keys = read_record(path), os.urandom(16), os.urandom(32), [], {}
    for reader, texts in json.loads(keys).items():
        public = sorted((make.Key(text) for text in texts), key=lambda key: (key.type, key.fingerprint))
        sealed_keys[reader] = [{"type": key.type, "fp": key.fingerprint} for key in public]
        stanzas += [make.derived(file_key, salt, key)["stanza"] for key in public]
    record["sealed"] |= {"keys": sealed_keys, "readers": sorted(sealed_keys)}
    write_record(path, record)
    header = make.header(file_key, [binding(record, salt).decode(), *stanzas])
    data = header + make.payload(file_key, os.urandom(16), pathlib.Path(value).read_bytes())
    pathlib.Path(file).write_bytes(data)
    set_digest(path, file)


def as_stanza(text):
    """A stanza as text is written anew, so that a shell may have eaten its line feeds; hex is taken as it is."""
    return make.stanza(*words_and_body(text.encode())).encode() if text.startswith("-> ") else bytes.fromhex(text)


def show(file):
    for stanza in file.stanzas:
        words, body = words_and_body(stanza)
        yield {"type": words[0], "args": words[1:], "body": body.hex(), "stanza": stanza.decode()}


def operate(command, file, at, rest):
    stanzas, payload = file.stanzas, bytearray(file.payload)
    if command == "insert":
        stanzas.insert(len(stanzas) if at == -1 else at, as_stanza(rest[0]))
    elif command == "replace":
        stanzas[at] = as_stanza(rest[0])
    elif command == "remove":
        del stanzas[at]
    elif command == "duplicate":
        stanzas[int(rest[0])] = stanzas[at]
    elif command == "noise":
        stanzas[at] = noise(stanzas[at])
    elif command == "legacy":
        stanzas[at] = legacy(stanzas[at])
    elif command == "flip":
        payload[at] ^= 1
    elif command == "cut":
        del payload[len(payload) - at :]
    file.payload = bytes(payload)
    file.write()


def main(command="", *rest):
    if command in ("insert", "replace", "remove", "duplicate", "noise", "legacy", "flip", "cut"):
        return operate(command, AgeFile(rest[0]), int(rest[1]), rest[2:])
    if command == "show":
        file = AgeFile(*rest)
        seen = {"stanzas": list(show(file)), "mac": file.mac.decode(), "payload": len(file.payload)}
        return print(json.dumps(seen, indent=2))
    if command == "file-key":
        return print(unwrap(AgeFile(rest[0]), identity_of(rest[1])).hex())
    if command == "remac":
        file = AgeFile(rest[0])
        file.remac(bytes.fromhex(rest[1]))
        return file.write()
    if command == "append":
        file = AgeFile(rest[0])
        file.payload += bytes.fromhex(rest[1])
        return file.write()
    if command == "wrap":
        kind = rest[3] if rest[2:3] == ("--type",) else "X25519"
        return print(wrap(bytes.fromhex(rest[0]), rest[1], kind), end="")
    if command == "derive":
        return print(make.derived(bytes.fromhex(rest[0]), bytes.fromhex(rest[1]), make.Key(rest[2]))["stanza"], end="")
    if command == "zero-share":
        return print(zero_share(bytes.fromhex(rest[0])), end="")
    if command == "scrypt":
        return print(scrypt(bytes.fromhex(rest[0]), rest[1]), end="")
    if command == "stanza":
        return print(make.stanza(rest[1:], bytes.fromhex(rest[0])), end="")
    if command == "digest":
        return set_digest(*rest)
    if command == "set":
        return set_field(*rest)
    if command == "binding":
        return print("sha256:" + make.binding_digest(read_record(rest[0])["sealed"]).hex())
    if command == "rebind":
        return rebind(rest[0], AgeFile(rest[1]), bytes.fromhex(rest[2]))
    if command == "seal":
        return seal(*rest)
    sys.exit(__doc__)


main(*sys.argv[1:])
