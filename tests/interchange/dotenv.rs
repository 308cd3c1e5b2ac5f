//! dotenv, out and in: what `python-dotenv` and Node's `dotenv` read of it.

use std::fs;

use crate::common::tools;
use crate::store::{AWKWARD, Store, piped, variable};

/// Prints what is read, as JSON. Variables are expanded, as is the custom of that package.
const PYTHON: &str = "import dotenv, json, sys\n\
                      json.dump(dict(dotenv.dotenv_values(sys.argv[1], encoding='utf-8')), sys.stdout)";
const NODE: &str = "const {createRequire} = require('module');\n\
                    const dotenv = createRequire(process.argv[1] + '/')('dotenv');\n\
                    process.stdout.write(JSON.stringify(dotenv.parse(require('fs').readFileSync(0))));";

fn python(store: &Store, text: &[u8]) -> serde_json::Value {
    let path = store.sandbox.path("exported.env");
    fs::write(&path, text).unwrap();
    let mut command = store.sandbox.command(tools::python(), &store.laptop);
    command.args(["-c", PYTHON]).arg(&path);
    let read = piped(command, b"");
    fs::remove_file(&path).unwrap();
    serde_json::from_slice(&read).unwrap()
}

fn node(store: &Store, text: &[u8]) -> serde_json::Value {
    let mut command = store.sandbox.command(tools::node(), &store.laptop);
    command.args(["-e", NODE]).arg(tools::node_modules());
    serde_json::from_slice(&piped(command, text)).unwrap()
}

#[test]
fn python_dotenv_reads_just_the_values() {
    let store = Store::awkward(&[]);
    let exported = store.export(&["--scope", "web/**", "--format", "dotenv"]).code(0);
    let read = python(&store, &exported.stdout);
    assert_eq!(read.as_object().unwrap().len(), AWKWARD.len());
    for (key, value) in AWKWARD {
        assert_eq!(read[variable(key)], *value, "{key}\n{}", exported.text());
    }
}

#[test]
fn node_reads_the_same_where_no_escape_is_needed() {
    let store = Store::awkward(&["both", "doubled", "ends-in-backslash", "mixed", "dollar-quote"]);
    let exported = store.export(&["--scope", "web/**", "--format", "dotenv"]).code(0);
    let read = node(&store, &exported.stdout);
    for (key, found) in read.as_object().unwrap() {
        let (_, value) = AWKWARD.iter().find(|(name, _)| variable(name) == *key).unwrap();
        assert_eq!(found, value, "{key}\n{}", exported.text());
    }
    assert_eq!(read.as_object().unwrap().len(), AWKWARD.len() - 5);
}

#[test]
fn carriage_returns_are_escaped_and_what_would_be_expanded_is_refused() {
    let store = Store::with([("crlf", "a\r\nb\r"), ("quoted", "\"\\\r"), ("variable", "${HOME}")]);
    let exported = store.export(&["web/crlf", "web/quoted", "--format", "dotenv"]).code(0);
    let read = python(&store, &exported.stdout);
    assert_eq!((&read["CRLF"], &read["QUOTED"]), (&"a\r\nb\r".into(), &"\"\\\r".into()));
    let refused = store.export(&["web/variable", "--format", "dotenv"]).code(2);
    refused.says("web/variable: has `${`").says("--format json");
}

#[test]
fn what_is_exported_comes_in_again_as_it_was() {
    let store = Store::awkward(&[]);
    let exported = store.export(&["--scope", "web/**", "--format", "dotenv"]).code(0);
    let again = ["-", "--from", "dotenv", "--prefix", "again", "--never", "x"];
    store.import(&again, &exported.stdout).code(0).says("34 new secrets");
    let all = store.export(&["--scope", "again/**", "--format", "json", "--strip", "again"]).code(0).json();
    for (key, value) in AWKWARD {
        assert_eq!(all[variable(key)], *value, "{key}");
    }
}

/// The file of an application, as `python-dotenv` reads it and as we do.
#[test]
fn a_file_comes_in_as_python_dotenv_reads_it() {
    let text = "\u{feff}# settings\r\n\r\nexport DB_PASSWORD=hunter2\r\nSPACED = a b  # the comment\r\n\
                SINGLE='it\\'s \\n $HOME'\r\nDOUBLE=\"a\\tb\\\"c\\\\d\\n\"  # x\r\n\
                KEY=\"-----BEGIN X-----\nabc=\n-----END X-----\n\"\r\nEQUALS=a=b\r\nINNER=it's\r\nLAST='x'";
    let store = Store::new();
    let file = store.file("app/.env", text);
    let done = store.import(&[&file, "--expires-in", "1y", "--owner", "team"], "").code(0);
    done.says("8 new secrets").says("still holds the values in clear").lacks("hunter2");
    let read = python(&store, text.as_bytes());
    let read = read.as_object().unwrap();
    assert_eq!(read.len(), 8);
    for (key, value) in read {
        assert_eq!(store.value(key), value.as_str().unwrap().as_bytes(), "{key}");
    }
}

#[test]
fn what_programs_read_differently_is_refused_or_said() {
    let store = Store::new();
    let run = |text: &str| store.import(&["-", "--from", "dotenv", "--never", "x", "--dry-run"], text);
    for (text, why) in [
        ("A=1\nB\n", "standard input:2: there is no `KEY=`"),
        ("A='x\ny", "standard input:1: the quote is not closed"),
        ("A=1\nB=2\nA=3\n", "standard input:3: the key stands in line 1 already"),
        ("A=\"a\\$b\"\n", "standard input:1: an escaped `$`"),
        ("A=`x y`\n", "standard input:1: the value begins with a backtick"),
        ("A= # set me\n", "standard input:1: a `#` follows"),
        ("A='x' y\n", "standard input:1: text follows the closing quote"),
        ("A=x\ry\n", "standard input:1: a carriage return"),
        ("A B=1\n", "standard input:1: what stands before `=` is no key"),
        ("A=1\n\u{0}\n", "standard input:2: there is a NUL byte"),
        ("A=\n", "A: is empty; to leave it out: --except A"),
        ("a.b=1\nA.B=2\n", "would be `A.B`, as `a.b` would"),
    ] {
        run(text).code(2).says(why);
    }
    store
        .import(&["-", "--from", "dotenv", "--never", "x"], b"A=1\nB=\xff\n")
        .code(2)
        .says("input:2: it is not UTF-8");
    for (text, note) in [
        ("A=pa$word\n", "note: standard input:1: A: the value has a `$`"),
        ("A=a#b\n", "has a `#` outside of quotes"),
        ("A=\"\\d+\"\n", "has a backslash"),
        ("A='a\\\\b'\n", "has an escape in single quotes"),
    ] {
        run(text).code(0).says(note);
    }
}
