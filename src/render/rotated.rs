//! What a run of `secrets rotate` came to.

use serde::Serialize;

use super::Style;
use super::lines::Lines;
use super::paint::{BAD, BOLD, DIM, GOOD, WARNING, paint, wrap};
use crate::domain::rotated::{Rest, Rotated, Run, Stage};
use crate::domain::text::{counted, visible};

/// For a person.
pub fn human(run: &Run, style: Style) -> String {
    let mut page = Lines::new(style);
    if run.rotations.is_empty() {
        page.put("nothing is due");
        return page.text;
    }
    for rotated in &run.rotations {
        page.rotated(rotated);
        page.put("");
    }
    page.put(&last_line(run, style));
    page.text
}

impl Lines {
    fn rotated(&mut self, rotated: &Rotated) {
        let name = paint(rotated.name.as_str(), BOLD, self.style);
        let versions = match rotated.to {
            Some(to) => format!("version {} to {to}", rotated.from),
            None if rotated.from > 0 => format!("version {}", rotated.from),
            None => String::new(),
        };
        let by =
            if rotated.kind.is_empty() { String::new() } else { format!("by {}", visible(&rotated.kind)) };
        let about: Vec<_> = [versions, by].into_iter().filter(|part| !part.is_empty()).collect();
        self.put(&format!("{name}  {}", paint(&about.join(", "), DIM, self.style)));
        if let Some(reached) = rotated.reached {
            let steps: Vec<String> = Stage::ALL
                .iter()
                .map(|stage| {
                    let ansi = if *stage <= reached { GOOD } else { DIM };
                    let mark = if *stage <= reached { "[x]" } else { "[ ]" };
                    paint(&format!("{mark} {}", stage.as_str()), ansi, self.style)
                })
                .collect();
            self.put(&format!("  {}", steps.join("  ")));
        }
        match &rotated.rest {
            Rest::Done(what) => self.wrapped(2, &visible(what)),
            Rest::Waits(what) => self.wrapped(2, &visible(&format!("waits: {what}"))),
            Rest::Failed { why, hints } => {
                let failed = paint("failed:", BAD, self.style);
                let width = self.style.width.map(|width| width.saturating_sub(10));
                for (position, line) in wrap(&visible(why), width).iter().enumerate() {
                    self.put(&if position == 0 {
                        format!("  {failed} {line}")
                    } else {
                        format!("          {line}")
                    });
                }
                for hint in hints {
                    self.put(&format!("    {}", visible(hint)));
                }
            }
        }
        if let Some(next) = &rotated.next {
            self.put(&format!("  next: {}", visible(next)));
        }
    }
}

fn last_line(run: &Run, style: Style) -> String {
    let of = |fits: fn(&Rest) -> bool| run.rotations.iter().filter(|one| fits(&one.rest)).count();
    let failed = of(|rest| matches!(rest, Rest::Failed { .. }));
    let waiting = of(|rest| matches!(rest, Rest::Waits(_)));
    let secrets = counted(run.rotations.len(), "secret");
    let dry = if run.is_dry { " (dry run: nothing was done)" } else { "" };
    let (text, ansi) = match (failed, waiting) {
        (0, 0) => (format!("{secrets}, nothing left to do{dry}"), GOOD),
        (0, waiting) if run.is_dry => (format!("{secrets}, {waiting} with something to do{dry}"), WARNING),
        (0, waiting) => (format!("{secrets}, {waiting} waiting"), WARNING),
        (failed, _) => (format!("{secrets}, {failed} failed; nothing is lost{dry}"), BAD),
    };
    paint(&text, ansi, style)
}

#[derive(Serialize)]
struct Wire<'a> {
    schema_version: u32,
    at: String,
    deployed: &'a str,
    dry_run: bool,
    rotations: Vec<RotatedWire<'a>>,
}

#[derive(Serialize)]
struct RotatedWire<'a> {
    secret: &'a str,
    rotator: Option<&'a str>,
    from: Option<u64>,
    to: Option<u64>,
    reached: Option<&'static str>,
    done: &'a [String],
    outcome: &'static str,
    message: &'a str,
    hints: &'a [String],
    next: Option<&'a str>,
}

/// For a program.
pub fn json(run: &Run) -> String {
    let rotations = run.rotations.iter().map(|one| {
        let (outcome, message, hints) = match &one.rest {
            Rest::Done(what) => ("done", what, &[][..]),
            Rest::Waits(what) => ("waits", what, &[][..]),
            Rest::Failed { why, hints } => ("failed", why, hints.as_slice()),
        };
        RotatedWire {
            secret: one.name.as_str(),
            rotator: Some(one.kind.as_str()).filter(|kind| !kind.is_empty()),
            from: Some(one.from).filter(|from| *from > 0),
            to: one.to,
            reached: one.reached.map(Stage::as_str),
            done: &one.done,
            outcome,
            message,
            hints,
            next: one.next.as_deref(),
        }
    });
    let wire = Wire {
        schema_version: 1,
        at: run.at.to_string(),
        deployed: &run.deployed,
        dry_run: run.is_dry,
        rotations: rotations.collect(),
    };
    super::pretty(&wire)
}
