//! The page in a browser that people use: it asks for nothing, runs nothing, and stays within the window.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::Outcome;
use crate::store::Drawn;

/// What the browser says on standard error where the policy of a page forbids something.
const CONSOLE: &str = "CONSOLE";

/// Serves one page on loopback and keeps what is asked of it.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn of(page: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/page.html", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &page, &seen);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, page: &str, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    // A browser also opens connections on which it asks nothing.
    let Some(request) = lines.next() else { return };
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    asked.lock().unwrap().push(request.split(' ').nth(1).unwrap_or_default().to_owned());
    let mut head = String::new();
    write!(head, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n", page.len()).unwrap();
    write!(stream, "{head}Connection: close\r\n\r\n{page}").ok();
}

/// A browser without a past that reaches nothing but this machine.
fn browse(drawn: &Drawn, arguments: &[&str]) -> Outcome {
    let profile = tempfile::tempdir().unwrap();
    let profile = format!("--user-data-dir={}", profile.path().display());
    let found = drawn.sandbox.run(drawn.sandbox.root(), "sh", ["-c", "command -v chromium"]);
    assert_eq!(found.code, 0, "there is no `chromium` here: apt-get install chromium, or run scripts/test");
    let quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--virtual-time-budget=5000",
        // Whatever is not this machine has no address.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ];
    let arguments = quiet.iter().copied().chain([profile.as_str()]).chain(arguments.iter().copied());
    drawn.sandbox.run(drawn.sandbox.root(), "chromium", arguments).code(0)
}

fn page(drawn: &Drawn) -> String {
    drawn.run(&["report", "--html"]).code(0).text().to_owned()
}

#[test]
fn a_browser_shows_it_and_asks_for_nothing_else() {
    let drawn = Drawn::new();
    let server = Server::of(page(&drawn));
    let shown = browse(&drawn, &["--dump-dom", &server.address]).lacks(CONSOLE);
    let dom = shown.text();
    assert!(dom.contains("<title>secrets: deploy blocked</title>") && dom.contains("web/<wbr>soon"));
    assert!(!dom.contains("<script"));
    assert_eq!(server.asked(), ["/page.html"]);
}

/// Nothing runs even where something got into the page; and what the test above listens for is heard.
#[test]
fn the_policy_of_the_page_stops_what_gets_into_it() {
    let drawn = Drawn::new();
    let foreign = "<script>document.title = 'owned'</script><img src=\"/stolen\"><link rel=stylesheet href=/more.css>\
                   <p onclick=\"x\" style=\"color: red\">x</p></main>";
    let server = Server::of(page(&drawn).replace("</main>", foreign));
    let shown = browse(&drawn, &["--dump-dom", &server.address]).says(CONSOLE);
    assert!(shown.stderr.contains("Content Security Policy"), "{}", shown.stderr);
    assert!(shown.text().contains("<title>secrets: deploy blocked</title>"), "the foreign script ran");
    assert_eq!(server.asked(), ["/page.html"]);
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
        let shown = browse(&drawn, &["--dump-dom", window, &server.address]);
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
    let _ = browse(&drawn, &[&print, "--no-pdf-header-footer", &server.address]);
    let bytes = std::fs::read(&paper).unwrap();
    assert!(bytes.starts_with(b"%PDF"));
    let text = drawn.witness("read_paper.py", &paper);
    let text = text["text"].as_str().unwrap();
    for name in ["web/soon", "db/beyond", "legacy/ftp", "in 39 days"] {
        assert!(text.contains(name), "{name}: {text}");
    }
}
