"""The forms that sops gives its files: how `sops`, the double beside this, reads and prints them."""

import json
import re

import yaml

# The order in which sops prints what it says of a file.
FIELDS = (
    "shamir_threshold key_groups kms gcp_kms hckms azure_kv hc_vault age lastmodified mac pgp unencrypted_suffix "
    "encrypted_suffix unencrypted_regex encrypted_regex unencrypted_comment_regex encrypted_comment_regex "
    "mac_only_encrypted version"
).split()


class Refusal(Exception):
    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


class Comment(str):
    """A comment, where a value or a key could stand."""


class Timestamp(str):
    """A plain scalar that YAML takes for a moment."""


class Branch(list):
    """A mapping: `[key, value]` or `[Comment, None]`, in the order of the file."""


def branch(pairs):
    return Branch([key, value] for key, value in pairs)


def type_of_path(path):
    ends = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".env": "dotenv", ".ini": "ini"}
    return next((kind for end, kind in ends.items() if path.endswith(end)), "binary")


def parse_sealed(kind, data):
    """A tree, and what sops says of it: `None` where it says nothing."""
    tree = parse_plain("json" if kind == "binary" else kind, data)
    if kind == "dotenv":
        flat = {key[5:]: value for key, value in tree if key.startswith("sops_")}
        metadata = unflatten(flat) if flat else None
        return Branch(item for item in tree if not item[0].startswith("sops_")), metadata
    found = [value for key, value in tree if key == "sops"]
    metadata = plain_objects(found[0]) if found else None
    if kind == "ini" and metadata is not None:
        metadata = unflatten({key: value.replace("\\n", "\n") for key, value in metadata.items()})
    return Branch(item for item in tree if item[0] != "sops"), metadata


def print_sealed(kind, tree, metadata):
    said = {field: metadata[field] for field in FIELDS if metadata.get(field) not in (None, [], "")}
    if kind == "dotenv":
        lines = [["sops_" + key, value] for key, value in sorted(flatten(said))]
        return print_plain(kind, Branch([*tree, *lines]))
    if kind == "ini":
        lines = Branch([key, value.replace("\n", "\\n")] for key, value in sorted(flatten(said)))
        return print_plain(kind, Branch([*tree, ["sops", lines]]))
    return print_plain("json" if kind == "binary" else kind, Branch([*tree, ["sops", from_objects(said)]]))


def parse_plain(kind, data):
    if kind == "binary":
        return Branch([["data", data.decode(errors="surrogateescape")]])
    parsers = {"yaml": parse_yaml, "json": parse_json, "dotenv": parse_dotenv, "ini": parse_ini}
    try:
        return parsers[kind](data.decode())
    except (ValueError, yaml.YAMLError) as error:
        raise Refusal(f"Error unmarshalling input {kind}: {error}") from None


def print_plain(kind, tree):
    if kind == "binary":
        found = [value for key, value in tree if key == "data"]
        if not found or not isinstance(found[0], str):
            raise Refusal("error emitting binary store: no binary data found in tree", 4)
        return found[0].encode(errors="surrogateescape")
    printers = {"yaml": print_yaml, "json": print_json, "dotenv": print_dotenv, "ini": print_ini}
    return printers[kind](tree).encode()


def print_value(kind, value):
    if kind == "yaml":
        return "".join(line + "\n" for line in yaml_lines(value)).encode()
    return json.dumps(plain_objects(value), ensure_ascii=False).encode()


def plain_objects(node):
    match node:
        case Branch():
            return {key: plain_objects(value) for key, value in node if not isinstance(key, Comment)}
        case list():
            return [plain_objects(element) for element in node if not isinstance(element, Comment)]
    return node


def from_objects(node):
    match node:
        case dict():
            return Branch([key, from_objects(value)] for key, value in node.items())
        case list():
            return [from_objects(element) for element in node]
    return node


def flatten(node, name=""):
    match node:
        case dict():
            for key, value in node.items():
                yield from flatten(value, f"{name}__map_{key}" if name else key)
        case list():
            for number, value in enumerate(node):
                yield from flatten(value, f"{name}__list_{number}")
        case _:
            yield name, str(node).lower() if isinstance(node, bool) else str(node)


def unflatten(flat):
    tree = {}
    for name, value in flat.items():
        steps = re.split(r"(__map_|__list_)", name)
        path = [steps[0]] + [int(step) if how == "__list_" else step for how, step in zip(steps[1::2], steps[2::2])]
        node = tree
        for step in path[:-1]:
            node = node.setdefault(step, {})
        node[path[-1]] = value

    def lists(node):
        if not isinstance(node, dict):
            return node
        if node and all(isinstance(key, int) for key in node):
            return [lists(node[key]) for key in sorted(node)]
        return {key: lists(value) for key, value in node.items()}

    metadata = lists(tree)
    metadata["mac_only_encrypted"] = metadata.get("mac_only_encrypted") == "true"
    return metadata


# YAML


def parse_yaml(text):
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise Refusal("YAML documents that are values are not supported")
    inside = set()
    comments = [(n, line.strip()[1:]) for n, line in enumerate(text.split("\n")) if line.lstrip().startswith("#")]

    def note_lines(node):
        if isinstance(node, yaml.ScalarNode):
            if node.style:
                inside.update(range(node.start_mark.line + 1, node.end_mark.line))
        else:
            for child in node.value:
                for each in child if isinstance(child, tuple) else (child,):
                    note_lines(each)

    note_lines(root)
    comments = [(line, words) for line, words in comments if line not in inside]
    comments.reverse()

    def before(node):
        while comments and comments[-1][0] < node.start_mark.line:
            yield Comment(comments.pop()[1])

    def tree(node):
        if isinstance(node, yaml.MappingNode):
            items = Branch()
            for key, value in node.value:
                items.extend([comment, None] for comment in before(key))
                items.append([key.value, tree(value)])
            return items
        if isinstance(node, yaml.SequenceNode):
            elements = []
            for element in node.value:
                elements.extend(before(element))
                elements.append(tree(element))
            return elements
        return scalar(node)

    items = tree(root)
    items.extend([Comment(words), None] for _, words in reversed(comments))
    return items


def scalar(node):
    text = node.value
    if node.style:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    if re.match(r"\d{4}-\d{1,2}-\d{1,2}($|[Tt ])", text):
        return Timestamp(text)
    return text


def yaml_lines(node, indent=""):
    """The lines of a node, each after its indent."""
    inner = indent + "    "
    match node:
        case Branch():
            for key, value in node:
                if isinstance(key, Comment):
                    yield f"{indent}#{key}"
                else:
                    yield from under(f"{indent}{yaml_text(key, inner)}:", value, inner)
        case list():
            for element in node:
                if isinstance(element, Comment):
                    yield f"{indent}#{element}"
                elif isinstance(element, (Branch, list)) and element:
                    # The first line of the element stands behind its dash.
                    lines = list(yaml_lines(element, indent + "  "))
                    yield f"{indent}- {lines[0].lstrip(' ')}"
                    yield from lines[1:]
                else:
                    yield from under(f"{indent}-", element, inner)
        case _:
            yield from under("", node, indent)


def under(head, value, inner):
    if isinstance(value, (Branch, list)) and value:
        yield head
        yield from yaml_lines(value, inner)
        return
    match value:
        case Branch():
            text = "{}"
        case list():
            text = "[]"
        case str():
            text = yaml_text(value, inner)
        case _:
            text = json.dumps(value)
    yield f"{head} {text}" if head else text


def yaml_text(text, inner):
    if isinstance(text, Timestamp):
        return text
    lowered = text.lower()
    words = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    printed = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]*"
    if re.fullmatch(r"([A-Za-z_/]|\d+\.\d+\.\d+$)" + printed, text) and lowered not in words:
        if ": " not in text and " #" not in text and not text.endswith((":", " ")):
            return text
    lines = text.split("\n")
    plain = all(re.fullmatch(printed, line) for line in lines)
    if len(lines) > 1 and plain and lines[0] and not lines[0].startswith(" ") and lines[-2]:
        how = "|" if not lines[-1] else "|-"
        body = lines[:-1] if not lines[-1] else lines
        return "\n".join([how, *(inner + line if line else "" for line in body)])
    return json.dumps(text, ensure_ascii=False)


def print_yaml(tree):
    return "".join(line + "\n" for line in yaml_lines(tree)) or "{}\n"


# JSON


def parse_json(text):
    tree = json.loads(text, object_pairs_hook=branch)
    if not isinstance(tree, Branch):
        raise Refusal("Expected JSON object start, got something else")
    return tree


def print_json(tree):
    return json.dumps(plain_objects(tree), indent="\t", ensure_ascii=False) + "\n"


# dotenv


def parse_dotenv(text):
    items = Branch()
    for line in text.split("\n"):
        if not line:
            continue
        if line.startswith("#"):
            items.append([Comment(line[1:]), None])
            continue
        key, is_one, value = line.partition("=")
        if not is_one:
            raise Refusal(f"invalid dotenv input line: {line}")
        items.append([key, value.replace("\\n", "\n")])
    return items


def print_dotenv(tree):
    lines = []
    for key, value in tree:
        if isinstance(key, Comment):
            lines.append(f"#{key}\n")
        elif isinstance(value, list):
            raise Refusal(f"cannot use complex value in dotenv file; offending key {key}", 4)
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            lines.append(key + "=" + text.replace("\n", "\\n") + "\n")
    return "".join(lines)


# INI


def parse_ini(text):
    tree = Branch([["DEFAULT", Branch()]])
    pending = []
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith((";", "#")):
            pending.append(line.lstrip(";# "))
        elif line.startswith("["):
            tree.append([line.strip("[]"), Branch()])
            tree[-1][1].extend([Comment(words), None] for words in pending)
            pending = []
        elif line:
            key, is_one, value = line.partition("=")
            if not is_one:
                raise Refusal("key-value delimiter not found")
            tree[-1][1].append([key.strip(), value.strip().strip("`")])
            # A comment stands before its key in the file, and behind it in the tree.
            tree[-1][1].extend([Comment(words), None] for words in pending)
            pending = []
    return tree


def print_ini(tree):
    out = []
    for name, items in tree:
        if not isinstance(items, Branch):
            raise Refusal("Error encoding section: Section values should always be TreeBranches", 4)
        if name == "DEFAULT" and not items:
            continue
        lines = []
        width = max((len(key) for key, _ in items if not isinstance(key, Comment)), default=0)
        for key, value in items:
            if isinstance(key, Comment):
                lines.insert(max(len(lines) - 1, 0), f"; {key}")
            else:
                text = value if isinstance(value, str) else json.dumps(value)
                quote = "`" if re.search("[#;`]", text) else ""
                lines.append(f"{key:<{width}} = {quote}{text}{quote}")
        head = [] if name == "DEFAULT" else [f"[{name}]"]
        out.append("\n".join(head + lines) + "\n")
    return "\n".join(out)
