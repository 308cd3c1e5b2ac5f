//! The page in a browser that people use: it asks for nothing, runs nothing, and stays within the window.

use crate::common::browser::{CONSOLE, PAGE, Server, browse};
use crate::store::Drawn;

fn page(drawn: &Drawn) -> String {
    drawn.run(&["report", "--html"]).code(0).text().to_owned()
}

#[test]
fn a_browser_shows_it_and_asks_for_nothing_else() {
    let drawn = Drawn::new();
    let server = Server::of(page(&drawn));
    let shown = browse(&drawn.sandbox, &["--dump-dom", &server.address]).lacks(CONSOLE);
    let dom = shown.text();
    assert!(dom.contains("<title>secrets: deploy blocked</title>") && dom.contains("web/<wbr>soon"));
    assert!(!dom.contains("<script"));
    assert_eq!(server.asked(), [PAGE]);
}

/// Nothing runs even where something got into the page; and what the test above listens for is heard.
#[test]
fn the_policy_of_the_page_stops_what_gets_into_it() {
    let drawn = Drawn::new();
    let foreign = "<script>document.title = 'owned'</script><img src=\"/stolen\"><link rel=stylesheet href=/more.css>\
                   <p onclick=\"x\" style=\"color: red\">x</p></main>";
    let server = Server::of(page(&drawn).replace("</main>", foreign));
    let shown = browse(&drawn.sandbox, &["--dump-dom", &server.address]).says(CONSOLE);
    assert!(shown.stderr.contains("Content Security Policy"), "{}", shown.stderr);
    assert!(shown.text().contains("<title>secrets: deploy blocked</title>"), "the foreign script ran");
    assert_eq!(server.asked(), [PAGE]);
}

/// Measured by a script of the test's own, for which the page's policy is taken away.
#[test]
fn nothing_is_wider_than_the_window() {
    let drawn = Drawn::new();
    let long = format!("{}/{}", "a-folder-with-a-long-name".repeat(3), "and-a-credential-with-one".repeat(3));
    drawn.add(&long, &["--expires", "2026-06-01", "--owner", "team", "--no-commit"]);
    let page = page(&drawn);
    let (head, rest) = page.split_once("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let open = format!("{head}{}", rest.split_once('\n').unwrap().1);
    let measure = "<script>addEventListener('load', function () { document.title = 'overflow ' + \
                   (document.documentElement.scrollWidth - document.documentElement.clientWidth); })</script></body>";
    let open = open.replace("</body>", measure);
    for window in ["--window-size=520,900", "--window-size=1280,900", "--window-size=2000,900"] {
        let server = Server::of(open.clone());
        let shown = browse(&drawn.sandbox, &["--dump-dom", window, &server.address]);
        assert!(
            shown.text().contains("<title>overflow 0</title>"),
            "{window}: {:?}",
            shown.text().split("</title>").next()
        );
    }
}

#[test]
fn what_is_folded_is_printed() {
    let drawn = Drawn::new();
    // As in a large store: all is folded.
    let folded = page(&drawn).replace("<details open>", "<details>");
    let server = Server::of(folded);
    let paper = drawn.sandbox.path("page.pdf");
    let print = format!("--print-to-pdf={}", paper.display());
    let _ = browse(&drawn.sandbox, &[&print, "--no-pdf-header-footer", &server.address]);
    let bytes = std::fs::read(&paper).unwrap();
    assert!(bytes.starts_with(b"%PDF"));
    let text = drawn.witness("read_paper.py", &paper);
    let text = text["text"].as_str().unwrap();
    for name in ["web/soon", "db/beyond", "legacy/ftp", "in 39 days"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}
