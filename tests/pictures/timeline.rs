//! `secrets list --timeline`.

use crate::store::Drawn;

fn lines(drawn: &Drawn, variables: &[(&str, &str)], arguments: &[&str]) -> Vec<String> {
    let run = drawn.prepare(&["list", "--timeline"]).args(arguments);
    let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run().code(0);
    run.text().lines().map(str::to_owned).collect()
}

const UTF8: [(&str, &str); 3] = [("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("COLUMNS", "100")];

#[test]
fn the_most_urgent_comes_first() {
    let drawn = Drawn::new();
    let lines = lines(&drawn, &UTF8, &[]);
    let order = ["web/old", "web/soon", "web/exact", "web/later", "db/beyond", "legacy/ftp"];
    let named: Vec<&str> =
        lines.iter().filter_map(|line| order.iter().find(|name| line.starts_with(**name)).copied()).collect();
    assert_eq!(named, order);
    let line = |name: &str| lines.iter().find(|line| line.starts_with(name)).unwrap();
    assert!(line("web/old").contains('◀') && line("web/old").ends_with("2026-02-19    -11d"));
    assert!(line("web/soon").contains("━●") && line("web/soon").ends_with("2026-04-10     39d"));
    assert!(line("db/beyond").contains("─▶"));
    assert!(line("legacy/ftp").contains("never ends: <script>") && line("legacy/ftp").ends_with("never"));
    assert_eq!(
        lines.last().unwrap(),
        "6 secrets: 1 expired, 1 expiring, 2 later within the year, 1 after that, 1 never"
    );
}

#[test]
fn it_fits_the_window_and_what_it_can_show() {
    let drawn = Drawn::new();
    for columns in ["40", "80", "200"] {
        let lines = lines(&drawn, &[("TERM", "xterm"), ("LC_ALL", "C.UTF-8"), ("COLUMNS", columns)], &[]);
        let most: usize = columns.parse().unwrap();
        assert!(lines.iter().take(8).all(|line| line.chars().count() <= most), "{columns}: {lines:#?}");
        assert!(!lines.concat().is_ascii());
    }
    for variables in [
        &[("TERM", "xterm"), ("LC_ALL", "C")][..],
        &[("TERM", "dumb"), ("LC_ALL", "C.UTF-8")],
        &[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "POSIX")],
    ] {
        assert!(lines(&drawn, variables, &[]).concat().is_ascii(), "{variables:?}");
    }
    let coloured = lines(&drawn, &[("TERM", "xterm"), ("CLICOLOR_FORCE", "1")], &[]).concat();
    let plain = lines(&drawn, &[("TERM", "xterm"), ("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]).concat();
    assert!(coloured.contains("\u{1b}[") && !plain.contains('\u{1b}'));
}

#[test]
fn scopes_and_formats() {
    let drawn = Drawn::new();
    let some = lines(&drawn, &UTF8, &["--scope", "web/*"]);
    assert!(some.last().unwrap().starts_with("4 secrets: "));
    assert!(!some.concat().contains("db/beyond"));
    drawn.run(&["list", "--timeline", "--format", "json"]).code(2).says("cannot be used with");
    drawn.run(&["list", "--timeline", "--without-expiry"]).code(0).says("of every secret somebody has said");
    drawn.damage();
    let damaged = lines(&drawn, &UTF8, &[]);
    let line = damaged.iter().find(|line| line.starts_with("web/later")).unwrap();
    assert!(line.contains("? ") && line.ends_with("unknown"), "{line}");
    assert!(damaged.last().unwrap().contains("1 not known"));
}
