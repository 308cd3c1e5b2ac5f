"""A tree of values as sops seals it: single values, their paths, the MAC over all of them. Part of the double."""

import base64
import datetime
import decimal
import hashlib
import re
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from stores import Branch, Comment, Refusal

SEALED = re.compile(r"ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:(.+)\]", re.S)
MAC_ONLY_ENCRYPTED = bytes.fromhex("8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69")


def to_bytes(value):
    """A value as it goes into ciphertext and MAC."""
    match value:
        case bool():
            return b"True" if value else b"False"
        case int():
            return str(value).encode()
        case float():
            return format(decimal.Decimal(repr(value)).normalize(), "f").encode()
        case Comment() | str():
            return str(value).encode(errors="surrogateescape")
    raise Refusal(f"can not seal a value of type {type(value).__name__}", 23)


def type_of(value):
    names = {bool: "bool", int: "int", float: "float", Comment: "comment", str: "str"}
    if type(value) not in names:
        raise Refusal("the double seals no timestamps: quote it", 23)
    return names[type(value)]


class Values:
    """Seals and opens single values under one data key. Remembers IVs, also across data keys, as sops does."""

    def __init__(self, key, stash):
        self.key, self.stash = key, stash

    def seal(self, value, bound_to):
        if isinstance(value, str) and not value:
            return ""
        kind, plain = type_of(value), to_bytes(value)
        iv = self.stash.get((kind, plain, bound_to)) or secrets.token_bytes(32)
        sealing = Cipher(algorithms.AES(self.key), modes.GCM(iv)).encryptor()
        sealing.authenticate_additional_data(bound_to.encode())
        data = sealing.update(plain) + sealing.finalize()
        data, iv, tag = (base64.b64encode(part).decode() for part in (data, iv, sealing.tag))
        return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{kind}]"

    def open(self, sealed, bound_to):
        if sealed == "":
            return ""
        parts = SEALED.fullmatch(sealed)
        if not parts:
            raise Refusal("Input string does not match sops' data format", 25)
        data, iv, tag = (base64.b64decode(part) for part in parts.groups()[:3])
        opening = Cipher(algorithms.AES(self.key), modes.GCM(iv, tag)).decryptor()
        opening.authenticate_additional_data(bound_to.encode())
        try:
            plain = opening.update(data) + opening.finalize()
        except InvalidTag:
            raise Refusal("Could not decrypt with AES_GCM: cipher: message authentication failed", 25) from None
        kind = parts[4]
        self.stash[(kind, plain, bound_to)] = iv
        text = plain.decode(errors="surrogateescape")
        if kind == "bool":
            return text.lower() == "true"
        return {"str": str, "int": int, "float": float, "comment": Comment}[kind](text)


class Document:
    """A tree of values, and what sops says of it."""

    def __init__(self, tree, metadata):
        self.tree, self.metadata = tree, metadata

    def is_sealed(self, path):
        rules = self.metadata
        encrypted = True
        if suffix := rules.get("unencrypted_suffix"):
            encrypted = not any(key.endswith(suffix) for key in path)
        if suffix := rules.get("encrypted_suffix"):
            encrypted = any(key.endswith(suffix) for key in path)
        if regex := rules.get("unencrypted_regex"):
            encrypted = encrypted and not any(re.search(regex, key) for key in path)
        if regex := rules.get("encrypted_regex"):
            encrypted = any(re.search(regex, key) for key in path)
        if "encrypted_comment_regex" in rules or "unencrypted_comment_regex" in rules:
            raise Refusal("the double knows no rules by comment")
        return encrypted

    def walk(self, turn):
        """Replaces every value; indices of lists are no part of a path."""

        def value(node, path):
            match node:
                case Branch():
                    for item in node:
                        if isinstance(item[0], Comment):
                            item[0] = Comment(turn(item[0], path))
                        else:
                            item[1] = value(item[1], [*path, item[0]])
                    return node
                case list():
                    node[:] = [value(element, path) for element in node]
                    return node
                case None:
                    return None
                case Comment():
                    return Comment(turn(node, path))
                case _:
                    return turn(node, path)

        value(self.tree, [])

    def turn_over(self, change):
        """Seals or opens every value that is to be sealed; answers with the MAC of the plaintext."""
        only_encrypted = self.metadata.get("mac_only_encrypted")
        mac = hashlib.sha512(MAC_ONLY_ENCRYPTED if only_encrypted else b"")

        def turn(value, path):
            sealed = self.is_sealed(path)
            out, plain = change(value, ":".join(path) + ":") if sealed else (value, value)
            if not isinstance(value, Comment) and (sealed or not only_encrypted):
                mac.update(to_bytes(plain))
            return out

        self.walk(turn)
        return mac.hexdigest().upper()

    def decrypt(self, values, ignore_mac=False):
        def change(value, bound_to):
            if not isinstance(value, str):
                raise Refusal(f"Expected encrypted value as string, but got {type(value).__name__}", 25)
            try:
                plain = values.open(value, bound_to)
            except Refusal:
                if not isinstance(value, Comment):
                    raise
                plain = value
            return plain, plain

        computed = self.turn_over(change)
        if ignore_mac:
            return
        try:
            stated = values.open(self.metadata.get("mac", ""), self.metadata["lastmodified"])
        except Refusal as refusal:
            raise Refusal(f"Cannot decrypt MAC: {refusal}", 51) from None
        if stated != computed:
            raise Refusal(f"MAC mismatch. File has {stated or 'no MAC'}, computed {computed}", 51)

    def encrypt(self, values, version):
        mac = self.turn_over(lambda value, bound_to: (values.seal(value, bound_to), value))
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.metadata["lastmodified"] = now
        self.metadata["mac"] = values.seal(mac, now)
        self.metadata["version"] = version


def parse_index(text):
    """Keys can hold no `[`, and there is no escape for anything."""
    path = []
    for component in filter(None, text.split("[")):
        if not component.endswith("]"):
            raise Refusal(f"component {component} doesn't end with ]", 91)
        component = component[:-1]
        path.append(component[1:-1] if component[:1] in ('"', "'") else int(component))
    return path


def item_of(branch, key):
    return next((item for item in branch if item[0] == key and not isinstance(item[0], Comment)), None)


def look_up(node, path):
    for step in path:
        if isinstance(step, int) and isinstance(node, list) and not isinstance(node, Branch) and step < len(node):
            node = node[step]
        elif isinstance(step, str) and isinstance(node, Branch) and (item := item_of(node, step)):
            node = item[1]
        else:
            raise Refusal(f"error truncating tree: component [{step!r}] not found", 91)
    return node


def put(node, path, value):
    """The node with the value at the path; answers also whether that changed anything."""
    if not path:
        return value, node != value
    first, rest = path[0], path[1:]
    if isinstance(node, Branch) and isinstance(first, str):
        item = item_of(node, first)
        if item is None:
            node.append([first, put(None, rest, value)[0]])
            return node, True
        item[1], changed = put(item[1], rest, value)
        return node, changed
    if isinstance(node, list) and not isinstance(node, Branch) and isinstance(first, int):
        if first >= len(node):
            node.append(put(None, rest, value)[0])
            return node, True
        node[first], changed = put(node[first], rest, value)
        return node, changed
    inner = put(None, rest, value)[0]
    return (Branch([[first, inner]]) if isinstance(first, str) else [inner]), True
