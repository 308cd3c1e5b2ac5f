#!/usr/bin/env python3
"""An age plugin for tests: wraps the file key by flipping its bits, and asks for the PIN 1234 to unwrap it."""

import base64
import sys

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def read():
    words = sys.stdin.readline().rstrip("\n").split(" ")[1:]
    body = ""
    while True:
        line = sys.stdin.readline().rstrip("\n")
        body += line
        if len(line) < 64:
            return words, base64.b64decode(body + "=" * (-len(body) % 4))


def send(words, body=b""):
    encoded = base64.b64encode(body).decode().rstrip("=")
    print("-> " + " ".join(words), encoded, sep="\n", flush=True)


def ask(words, body=b""):
    send(words, body)
    return read()


def data_of(bech32):
    bits = 0
    data = bech32.lower()[bech32.rindex("1") + 1 : -6]
    for character in data:
        bits = bits << 5 | CHARSET.index(character)
    return (bits >> len(data) * 5 % 8).to_bytes(len(data) * 5 // 8, "big")


def flip(key):
    return bytes(byte ^ 0x55 for byte in key)


received = []
while not received or received[-1][0][0] != "done":
    received.append(read())

if sys.argv[1] == "--age-plugin=recipient-v1":
    data = next(data_of(words[1]) for words, _ in received if words[0] == "add-recipient")
    key = next(body for words, body in received if words[0] == "wrap-file-key")
    if data == b"alone":
        ask(["labels", "alone"])
    kinds = {
        b"two": [["worthless"], ["worthless", "again"]],
        b"twice": [["worthless"], ["worthless"]],
        b"scrypt": [["scrypt", "AAAA", "2"]],
        b"binding": [["secrets-cli/binding", "v1"]],
    }
    for words in kinds.get(data, [["worthless"]]):
        ask(["recipient-stanza", "0"] + words, flip(key))
else:
    for words, body in received:
        if words[:3] == ["recipient-stanza", "0", "worthless"]:
            ask(["msg"], b"touch your key")
            if ask(["request-secret"], b"PIN of the worthless key")[1] == b"1234":
                ask(["file-key", "0"], flip(body))
            else:
                ask(["error", "identity", "0"], b"wrong PIN")
            break
send(["done"])
