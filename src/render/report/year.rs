//! The year ahead: all secrets, then by scope, then by owner.

use std::collections::BTreeSet;

use super::lanes;
use crate::domain::due::{Due, End, Urgency};
use crate::domain::text::counted;
use crate::domain::timeline::{Common, Lane, Tally, Timeline, Week};
use crate::domain::tracked_name::CredentialName;
use crate::render::markup::Markup;

/// How many secrets have a line of their own; the most urgent come first.
const MOST_SECRETS: usize = 1000;
/// How many scopes, and how many owners, have a lane.
const MOST_LANES: usize = 60;
/// With so few secrets all of them are shown at once.
const FEW: usize = 40;
/// Where the bars of the whole year stand, and how tall they get.
const FOOT: usize = 116;
const TALLEST: usize = 96;

pub(super) fn write(page: &mut Markup, timeline: &Timeline) {
    lanes::months(page, timeline);
    whole(page, timeline);
    let listed: BTreeSet<&CredentialName> =
        timeline.dues.iter().take(MOST_SECRETS).map(|due| &due.name).collect();
    let lanes = timeline.scopes();
    page.tag(
        "<section aria-labelledby=\"scopes\">\n<h3 id=\"scopes\">By scope</h3>\n<div class=\"lanes\">\n",
    );
    axis(page, timeline);
    let most = fullest(&lanes);
    for lane in lanes.iter().take(MOST_LANES) {
        scope(page, timeline, lane, most, &listed);
    }
    more(page, &lanes, "scope");
    page.tag("</div>\n</section>\n");
    owners(page, timeline);
}

fn fullest(lanes: &[Lane<'_>]) -> usize {
    lanes.iter().flat_map(|lane| lane.weeks.iter().copied().map(Week::all)).max().unwrap_or(0)
}

/// All secrets together, and what the colours mean.
fn whole(page: &mut Markup, timeline: &Timeline) {
    let tally = &timeline.tally;
    page.tag("<figure class=\"year\">\n<svg role=\"img\" aria-label=\"").text(&in_words(tally)).tag("\">");
    page.tag("<svg height=\"116\"><use href=\"#months\"/></svg>");
    let most = timeline.weeks.iter().copied().map(Week::all).max().unwrap_or(0).max(6);
    for (number, week) in timeline.weeks.iter().enumerate() {
        lanes::bar(page, timeline.week(number), *week, FOOT, TALLEST, most);
    }
    page.tag("<line class=\"foot\" x2=\"100%\" y1=\"116\" y2=\"116\"/>");
    page.tag(
        "<line class=\"today\" x1=\"0\" x2=\"0\" y2=\"116\"/><text class=\"today\" x=\"5\" y=\"11\">today, ",
    );
    page.text(&timeline.from.date()).tag("</text>");
    lanes::labels(page, timeline, "134");
    page.tag("</svg>\n<figcaption>\n<ul class=\"key\">\n");
    for (class, count, words) in [
        ("expired", tally.expired, "expired"),
        ("unknown", tally.unknown, "not known"),
        ("expiring", tally.expiring, "inside the first tier"),
        ("later", tally.later, "later within the year"),
        ("beyond", tally.beyond, "after the year"),
        ("never", tally.never, "never"),
    ] {
        page.tag("<li class=\"").tag(class);
        page.tag(if count == 0 { " none\"><i></i><b>" } else { "\"><i></i><b>" });
        page.text(&count.to_string()).tag("</b> ").tag(words).tag("</li>\n");
    }
    page.tag("</ul>\n</figcaption>\n</figure>\n");
}

fn in_words(tally: &Tally) -> String {
    format!("Ends of {}, by week of the year ahead", counted(tally.secrets, "secret"))
}

fn axis(page: &mut Markup, timeline: &Timeline) {
    page.tag("<div class=\"row axis\" aria-hidden=\"true\"><span class=\"name\"></span><svg class=\"lane\">");
    lanes::labels(page, timeline, "17");
    page.tag("</svg><span class=\"when\"></span></div>\n");
}

fn scope(
    page: &mut Markup,
    timeline: &Timeline,
    lane: &Lane<'_>,
    most: usize,
    listed: &BTreeSet<&CredentialName>,
) {
    let is_open = timeline.dues.len() <= FEW;
    page.tag(if is_open { "<details open>\n<summary>" } else { "<details>\n<summary>" });
    head(page, timeline, lane, most, "no folder");
    page.tag("</summary>\n<ol class=\"dues\">\n");
    let (shown, left_out): (Vec<&Due>, Vec<&Due>) =
        lane.dues.iter().copied().partition(|due| listed.contains(&due.name));
    for due in shown {
        secret(page, timeline, due);
    }
    page.tag("</ol>\n");
    if !left_out.is_empty() {
        page.tag("<p class=\"more\">And ").text(&counted(left_out.len(), "more secret"));
        page.tag(", less urgent than these: <code>secrets list --timeline</code> has all of them.</p>\n");
    }
    page.tag("</details>\n");
}

/// The lane of a scope or an owner: its name, what it comes to, and what is next.
fn head(page: &mut Markup, timeline: &Timeline, lane: &Lane<'_>, most: usize, nameless: &'static str) {
    let tally = &lane.tally;
    page.tag("<span class=\"row\"><span class=\"name\"><b>");
    match &lane.common {
        Common::Name(name) => page.path(name),
        Common::None => page.tag(nameless),
        Common::Unread => page.tag("not known"),
    };
    page.tag("</b> <span class=\"size\">").text(&tally.secrets.to_string()).tag("</span></span>");
    lanes::many(page, timeline, &lane.weeks, tally.expired > 0, tally.beyond > 0, most);
    page.tag("<span class=\"when\">");
    let urgent = [
        ("bad", tally.expired, "expired"),
        ("bad", tally.unknown, "unknown"),
        ("warning", tally.expiring, "expiring"),
    ];
    let mut any = false;
    for (class, count, words) in urgent.into_iter().filter(|(_, count, _)| *count > 0) {
        page.tag(if any { ", <em class=\"" } else { "<em class=\"" }).tag(class).tag("\">");
        page.text(&count.to_string()).tag(" ").tag(words).tag("</em>");
        any = true;
    }
    if !any {
        let next = lane.dues.iter().find_map(|due| due.at());
        match next {
            Some(at) => page.tag("next ").text(&at.date()),
            None => page.tag("never"),
        };
    }
    page.tag("</span></span>");
}

fn secret(page: &mut Markup, timeline: &Timeline, due: &Due) {
    let urgency = due.urgency(timeline.now);
    page.tag("<li class=\"row ")
        .tag(urgency.as_str())
        .tag("\"><span class=\"name\">")
        .path(due.name.as_str());
    page.tag(" <small>");
    if due.owners.is_empty() {
        page.tag(if due.is_unread() { "owner not known" } else { "nobody owns it" });
    }
    for (position, owner) in due.owners.iter().enumerate() {
        page.tag(if position == 0 { "" } else { ", " }).text(owner.as_str());
    }
    page.tag("</small></span>");
    lanes::one(page, timeline, due);
    page.tag("<span class=\"when\">");
    when(page, timeline, due, urgency);
    if let Some(id) = due.doubt {
        page.tag(" <em class=\"bad\">in doubt: ").text(id.as_str()).tag("</em>");
    }
    page.tag("</span></li>\n");
}

fn when(page: &mut Markup, timeline: &Timeline, due: &Due, urgency: Urgency) {
    let why = due.without_date().unwrap_or_default();
    match &due.end {
        End::At(at) => {
            page.tag("<time title=\"")
                .text(&at.to_string())
                .tag("\">")
                .text(&at.date())
                .tag("</time> <small>");
            let days = timeline.now.days_until(*at);
            if urgency == Urgency::Expired {
                page.text(&ago(days));
            } else {
                page.text(&ahead(days));
            }
            page.tag("</small>");
        }
        End::Never(why) => {
            page.tag("<span>never</span> <small title=\"").text(why).tag("\">").text(why).tag("</small>");
        }
        End::Unsaid | End::Unread(_) => {
            page.tag("<em class=\"bad\">unknown</em> <small title=\"").text(&why).tag("\">").text(&why);
            page.tag("</small>");
        }
    }
}

fn ahead(days: i64) -> String {
    if days == 0 { "within a day".to_owned() } else { format!("in {}", counted(days, "day")) }
}

/// The first second after the end is day -1.
fn ago(days: i64) -> String {
    match days.unsigned_abs().saturating_sub(1) {
        0 => "today or yesterday".to_owned(),
        days => format!("{} ago", counted(days, "day")),
    }
}

fn owners(page: &mut Markup, timeline: &Timeline) {
    let lanes = timeline.owners();
    if lanes.is_empty() {
        return;
    }
    page.tag(
        "<section aria-labelledby=\"owners\">\n<h3 id=\"owners\">By owner</h3>\n<div class=\"lanes\">\n",
    );
    axis(page, timeline);
    let most = fullest(&lanes);
    page.tag("<ul class=\"dues\">\n");
    for lane in lanes.iter().take(MOST_LANES) {
        page.tag("<li>");
        head(page, timeline, lane, most, "nobody");
        page.tag("</li>\n");
    }
    page.tag("</ul>\n");
    more(page, &lanes, "owner");
    page.tag("</div>\n</section>\n");
}

/// What has no lane, as far as numbers go.
fn more(page: &mut Markup, lanes: &[Lane<'_>], noun: &str) {
    let Some(rest) = lanes.get(MOST_LANES..).filter(|rest| !rest.is_empty()) else { return };
    let secrets: usize = rest.iter().map(|lane| lane.dues.len()).sum();
    page.tag("<p class=\"more\">And ").text(&counted(rest.len(), &format!("more {noun}")));
    page.tag(" with ").text(&counted(secrets, "secret"));
    page.tag(", less urgent than these: <code>secrets list --timeline</code> has all of them.</p>\n");
}
