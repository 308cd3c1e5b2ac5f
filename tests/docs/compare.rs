//! Whether what is shown is what is printed.

/// `…` stands for any text within a line, and alone on one for any number of lines. Space at the ends of lines, and
/// empty lines before and behind, are not compared. An error shows the first line that does not fit.
pub fn fits(shown: &str, printed: &str) -> Result<(), String> {
    let [shown, printed] = [shown, printed].map(lines);
    if lines_fit(&shown, &printed) {
        return Ok(());
    }
    let mut count = shown.len();
    while count > 0 && !lines_fit(&[&shown[..count], &[ANY]].concat(), &printed) {
        count -= 1;
    }
    let fault = shown.get(count).copied().unwrap_or("nothing more");
    Err(format!("shown, and not printed at its place:\n{fault}\nprinted:\n{}", printed.join("\n")))
}

const ANY: &str = "…";

fn lines(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    let empty = lines.iter().take_while(|line| line.is_empty()).count();
    lines[empty..].to_vec()
}

fn lines_fit(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == ANY => {
            (0..=printed.len()).any(|skipped| lines_fit(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, others)| line_fits(first, line) && lines_fit(rest, others)),
    }
}

fn line_fits(shown: &str, printed: &str) -> bool {
    let pieces: Vec<String> = shown.split(ANY).map(regex::escape).collect();
    let pattern = format!("^{}$", pieces.join(".*"));
    regex::Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(printed))
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    let printed = "\na 17 b\nc\nd  \ne\n";
    for shown in ["a 17 b\nc\nd\ne", "a … b\nc\nd\ne\n", "a 17 b\n…\ne", "…\ne", "…", "a 17 b\nc\nd\ne\n…"]
    {
        assert_eq!(fits(shown, printed), Ok(()), "{shown}");
    }
    for shown in ["a 17 b", "a 18 b\n…", "…\nf", "a 17 b\nc\nd\ne\nf", "", " …\nc"] {
        assert!(fits(shown, printed).is_err(), "{shown}");
    }
    assert!(fits("a … b\nx\n…", printed).unwrap_err().contains("place:\nx\n"));
}
