//! Pieces of the year, drawn. Positions are attributes and percentages: the policy of the page allows no style of an
//! element, and what is drawn follows the width of the window while its strokes and letters stay as they are.

use crate::domain::due::{Due, Urgency};
use crate::domain::timeline::{Spot, Timeline, Week};
use crate::render::markup::Markup;

/// The height of a lane, in pixels.
const HEIGHT: usize = 28;
/// So many secrets of a week fill it, or more where a week has more.
const FULL: usize = 3;

/// `43.21%`
fn percent(spot: u32) -> String {
    format!("{}.{:02}%", spot / 100, spot % 100)
}

/// Lines where months begin, drawn once and used by every lane.
pub(super) fn months(page: &mut Markup, timeline: &Timeline) {
    page.tag("<svg width=\"0\" height=\"0\" class=\"shapes\" aria-hidden=\"true\"><g id=\"months\">");
    for month in &timeline.months {
        let x = percent(month.spot);
        page.tag("<line x1=\"").text(&x).tag("\" x2=\"").text(&x).tag("\" y2=\"100%\"/>");
    }
    page.tag("</g></svg>\n");
}

/// The names of the months, at a height.
pub(super) fn labels(page: &mut Markup, timeline: &Timeline, y: &'static str) {
    for month in &timeline.months {
        page.tag("<text class=\"month\" dx=\"4\" y=\"").tag(y).tag("\" x=\"").text(&percent(month.spot));
        page.tag("\">").tag(month.name);
        if month.is_january {
            page.tag("<tspan> ").text(&month.year.to_string()).tag("</tspan>");
        }
        page.tag("</text>");
    }
}

/// One week as a bar: what is inside its first tier stands below the rest.
pub(super) fn bar(
    page: &mut Markup,
    (from, to): (u32, u32),
    week: Week,
    foot: usize,
    height: usize,
    full: usize,
) {
    let mut foot = foot;
    for (count, class) in [(week.expiring, "expiring"), (week.later, "later")] {
        if count == 0 {
            continue;
        }
        let tall = (height * count / full.max(1)).max(3);
        foot = foot.saturating_sub(tall);
        page.tag("<rect class=\"").tag(class).tag("\" x=\"").text(&percent(from));
        page.tag("\" width=\"").text(&percent(to.saturating_sub(from)));
        page.tag("\" y=\"").text(&foot.to_string()).tag("\" height=\"").text(&tall.to_string()).tag("\"/>");
    }
}

/// What many secrets come to. `most` is how many end in the fullest week of any lane.
pub(super) fn many(
    page: &mut Markup,
    timeline: &Timeline,
    weeks: &[Week],
    expired: bool,
    beyond: bool,
    most: usize,
) {
    begin(page);
    page.tag("<line class=\"foot\" x2=\"100%\" y1=\"100%\" y2=\"100%\"/>");
    for (number, week) in weeks.iter().enumerate() {
        bar(page, timeline.week(number), *week, HEIGHT, HEIGHT - 2, most.max(FULL));
    }
    edges(page, expired, beyond);
    page.tag("</svg>");
}

/// One secret: when people are told, when deploys are blocked, when it ends.
pub(super) fn one(page: &mut Markup, timeline: &Timeline, due: &Due) {
    begin(page);
    let urgency = due.urgency(timeline.now);
    let spot = |at| timeline.spot(at);
    if let Some(end) = due.at().filter(|_| urgency != Urgency::Expired) {
        let ends = spot(end).clamped();
        let told = due.told_from().map_or(0, |from| spot(from).clamped()).min(ends);
        let blocked = due.block_within.before(end).map_or(0, |from| spot(from).clamped()).min(ends);
        line(page, "calm", 0, told);
        line(page, "told", told, blocked.max(told));
        line(page, "blocked", blocked, ends);
        for tier in due.tiers.iter().skip(1).filter_map(|tier| tier.before(end)) {
            if let Spot::Within(at) = spot(tier) {
                page.tag("<circle class=\"tier\" r=\"1.5\" cy=\"50%\" cx=\"").text(&percent(at)).tag("\"/>");
            }
        }
        if end < timeline.to {
            page.tag("<circle class=\"").tag(urgency.as_str()).tag("\" r=\"6\" cy=\"50%\" cx=\"");
            page.text(&percent(ends)).tag("\"/>");
        }
    }
    edges(page, urgency == Urgency::Expired, due.at().is_some_and(|end| end >= timeline.to));
    match urgency {
        Urgency::Unknown => {
            page.tag("<text class=\"unknown\" x=\"0\" y=\"19\">?</text>");
        }
        Urgency::Never => line(page, "never", 0, 10_000),
        Urgency::Expired | Urgency::Expiring | Urgency::Later => {}
    }
    page.tag("</svg>");
}

fn begin(page: &mut Markup) {
    page.tag("<svg class=\"lane\" aria-hidden=\"true\"><use href=\"#months\"/>");
    page.tag("<line class=\"today\" x1=\"0\" x2=\"0\" y2=\"100%\"/>");
}

/// What has ended lies before the left edge, what ends after a year beyond the right one.
fn edges(page: &mut Markup, expired: bool, beyond: bool) {
    if expired {
        page.tag("<path class=\"expired\" d=\"M-14 14-3 6.500v15z\"/>");
    }
    if beyond {
        page.tag("<svg x=\"100%\" class=\"edge\"><path class=\"beyond\" d=\"m3 7 7 7-7 7\"/></svg>");
    }
}

fn line(page: &mut Markup, class: &'static str, from: u32, to: u32) {
    if from < to {
        page.tag("<line class=\"").tag(class).tag("\" y1=\"50%\" y2=\"50%\" x1=\"").text(&percent(from));
        page.tag("\" x2=\"").text(&percent(to)).tag("\"/>");
    }
}
