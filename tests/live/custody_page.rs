//! The page of `secrets custody --format html`, as a browser that people use shows it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::browser::{CONSOLE, PAGE, Server, browse};
use crate::common::{Sandbox, public_key};

const VALUE: &str = "hunter2-but-longer";

/// `legacy/ftp` is alice's alone, `web/edited` was edited by hand, and bob's contact would be markup.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let machine = ["machines", "add", "ci", "--key", &public_key("ci"), "--group", "team"];
    sandbox.secrets(&laptop).args(machine).run().code(0);
    for name in ["web/api", "web/prod/db", "web/edited"] {
        sandbox.add(&laptop, name, "2027-04-01", VALUE);
    }
    let alone = ["add", "legacy/ftp", "--expires", "2027-01-01", "--owner", "team", "--reader", "alice"];
    sandbox.secrets(&laptop).args(alone).args(["--as", "alice"]).stdin(VALUE).run().code(0);
    let edit = |path: &str, from: &str, to: &str| {
        let path = laptop.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    edit("secrets/web/edited.json", "2027-04-01", "2029-04-01");
    let contact = "contact = \"<script>document.title='owned'</script><img src=/x onerror=alert(1)>\"";
    edit("secrets/policy.toml", "[people.bob]\n", &format!("[people.bob]\n{contact}\n"));
    (sandbox, laptop)
}

fn page(sandbox: &Sandbox, laptop: &Path) -> String {
    let custody = sandbox.secrets(laptop).args(["custody", "--format", "html"]).run().code(0).lacks(VALUE);
    custody.text().to_owned()
}

/// The matrix's rows, in the order in which they stand.
fn rows(dom: &str) -> Vec<&str> {
    let rows = dom.split("<tr ").filter(|row| row.contains("data-secret="));
    rows.map(|row| row.split("</tr>").next().unwrap()).collect()
}

fn secret(row: &str) -> &str {
    row.split("data-secret=\"").nth(1).unwrap().split('"').next().unwrap()
}

fn visible(dom: &str) -> Vec<&str> {
    rows(dom)
        .into_iter()
        .filter(|row| !row.split('>').next().unwrap().contains("hidden"))
        .map(secret)
        .collect()
}

#[test]
fn a_browser_shows_the_matrix_and_asks_for_nothing_else() {
    let (sandbox, laptop) = store();
    let server = Server::of(page(&sandbox, &laptop));
    let shown = browse(&sandbox, &["--dump-dom", &server.address]).lacks(CONSOLE);
    let dom = shown.text();
    assert_eq!(visible(dom), ["legacy/ftp", "web/edited", "web/api", "web/prod/db"], "risk first");
    let row = |name: &str| rows(dom).into_iter().find(|row| secret(row) == name).unwrap().to_owned();
    assert_eq!(row("web/api").matches("class=\"plausible").count(), 3);
    assert_eq!(row("web/edited").matches("class=\"claimed").count(), 3);
    let alone = row("legacy/ftp");
    assert!(alone.starts_with("class=\"alone\"") && alone.contains("1 of 2 <em>alone</em>"), "{alone}");
    assert_eq!(
        (alone.matches("class=\"plausible").count(), alone.matches("<td></td>").count()),
        (1, 1),
        "{alone}"
    );
    assert!(dom.contains("title=\"alice: plausible\"") && dom.contains("<use href=\"#plausible\"></use>"));
    assert!(dom.contains("4 of 4 shown"), "the script ran");
    assert!(
        dom.contains("<title>Custody of secrets</title>") && dom.contains("&lt;script&gt;document.title")
    );
    assert_eq!(server.asked(), [PAGE]);
}

#[test]
fn filter_and_order() {
    let (sandbox, laptop) = store();
    let page = page(&sandbox, &laptop);
    let server = Server::of(page.clone());
    let shown = browse(&sandbox, &["--dump-dom", &format!("{}#alone", server.address)]).lacks(CONSOLE);
    assert_eq!(visible(shown.text()), ["legacy/ftp"]);
    assert!(shown.text().contains("1 of 4 shown"));
    assert_eq!(server.asked(), [PAGE]);

    // What a person types and clicks; for that the page must let a script of ours run.
    let (head, rest) = page.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let open = format!("{head}{}", rest.split_once('\n').unwrap().1);
    for (person, expected) in [
        ("words.value = 'PROD'; words.dispatchEvent(new Event('input'))", &["web/prod/db"][..]),
        ("words.value = 'bob api'; words.dispatchEvent(new Event('input'))", &["web/api"]),
        ("words.value = 'nobody-of-that-name'; words.dispatchEvent(new Event('input'))", &[]),
        ("only.click()", &["legacy/ftp"]),
        ("only.click(); only.click()", &["legacy/ftp", "web/edited", "web/api", "web/prod/db"]),
        (
            "order.value = 'name'; order.dispatchEvent(new Event('change'))",
            &["legacy/ftp", "web/api", "web/edited", "web/prod/db"],
        ),
    ] {
        let driven = open.replace("</body>", &format!("<script>{person}</script></body>"));
        let server = Server::of(driven);
        let shown = browse(&sandbox, &["--dump-dom", &server.address]).lacks(CONSOLE);
        assert_eq!(visible(shown.text()), expected, "{person}");
    }
}

#[test]
fn the_page_is_whole_without_its_script() {
    let (sandbox, laptop) = store();
    let page = page(&sandbox, &laptop);
    let (before, rest) = page.split_once("<script>").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    let server = Server::of(format!("{before}{after}"));
    let shown = browse(&sandbox, &["--dump-dom", &format!("{}#alone", server.address)]).lacks(CONSOLE);
    assert_eq!(visible(shown.text()), ["legacy/ftp", "web/edited", "web/api", "web/prod/db"]);
    assert!(shown.text().contains("<form id=\"controls\" hidden"), "no controls that do nothing");
}

/// Nothing but the page's own script runs, even where something got into the page; and what the tests above listen
/// for is heard.
#[test]
fn the_policy_of_the_page_stops_what_gets_into_it() {
    let (sandbox, laptop) = store();
    let foreign = "<script>document.title = 'owned'</script><img src=\"/stolen\"><script src=\"/more.js\"></script>\
                   <p onclick=\"x\" style=\"color: red\">x</p></main>";
    let server = Server::of(page(&sandbox, &laptop).replace("</main>", foreign));
    let shown = browse(&sandbox, &["--dump-dom", &server.address]).says(CONSOLE);
    assert!(shown.stderr.contains("Content Security Policy"), "{}", shown.stderr);
    assert!(shown.text().contains("<title>Custody of secrets</title>"), "the foreign script ran");
    assert!(shown.text().contains("4 of 4 shown"), "the page's own script runs still");
    assert_eq!(server.asked(), [PAGE]);
}
