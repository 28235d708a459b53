//! A report that has to fit: first the lists of names get shorter, then the texts, and at last
//! parts are left out. What failed, and why, is kept longest.

use super::{AssetPart, Omitted, Report, UsersPart};
use crate::text;

/// Texts are cut to so many characters, one after another, until the report fits.
const CUTS: [usize; 7] = [1000, 500, 250, 120, 60, 30, 15];

/// What is left out at last, one after another.
const PARTS: [fn(&mut Report); 4] = [
    |report| report.users = None,
    |report| report.asset = None,
    |report| report.api_token = None,
    |report| {
        if let Some(error) = &mut report.error {
            error.request = None;
        }
    },
];

/// The JSON of `report`: with the end of its line at most `most` bytes. 1,024 bytes hold any report.
pub(super) fn shortened(mut report: Report, most: usize) -> String {
    let (mut cuts, mut parts) = (CUTS.iter(), PARTS.iter());
    loop {
        let json = report.to_json();
        if json.len() < most {
            return json;
        }
        drop(json); // with many names that is megabytes
        if halve_the_lists(&mut report) {
            continue;
        }
        if let Some(cut) = cuts.next() {
            report.each_text(|text| {
                if text.chars().nth(*cut).is_some() {
                    *text = text::bounded(text, *cut);
                }
            });
        } else if let Some(leave_out) = parts.next() {
            leave_out(&mut report);
        } else {
            return report.to_json();
        }
    }
}

/// False if nobody is left on them.
fn halve_the_lists(report: &mut Report) -> bool {
    let Some(lists) = report.users.as_mut().map(UsersPart::lists_mut) else { return false };
    let longest = lists.before.len().max(lists.after.as_ref().map_or(0, Vec::len));
    if longest == 0 {
        return false;
    }
    let omitted = lists.omitted.get_or_insert(Omitted { before: 0, after: 0 });
    let shorten = |list: &mut Vec<String>, omitted: &mut usize| {
        *omitted += list.len().saturating_sub(longest / 2);
        list.truncate(longest / 2);
    };
    shorten(&mut lists.before, &mut omitted.before);
    if let Some(after) = &mut lists.after {
        shorten(after, &mut omitted.after);
    }
    true
}

impl Report {
    /// Every text that somebody else can make long.
    fn each_text(&mut self, mut change: impl FnMut(&mut String)) {
        if let Some(error) = &mut self.error {
            change(&mut error.message);
            change(&mut error.hint);
            if let Some(request) = &mut error.request {
                change(&mut request.http.path);
                if let Some(tenant) = &mut request.tenant {
                    tenant.code.iter_mut().for_each(&mut change);
                    change(&mut tenant.message);
                }
            }
        }
        if let Some(found) = self.asset.as_mut().map(AssetPart::found_mut) {
            change(&mut found.qualified_name);
            found.guid.iter_mut().for_each(&mut change);
            found.name.iter_mut().for_each(&mut change);
        }
        if let Some(token) = &mut self.api_token {
            token.name.iter_mut().for_each(&mut change);
            token.guid.iter_mut().for_each(&mut change);
            change(&mut token.client_id);
            change(&mut token.username);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_line_is_counted() {
        let report = || Report::of_a_killed_run(true);
        let whole = report().into_json(None);
        assert_eq!(report().into_json(Some(whole.len() + 1)), whole);
        assert!(report().into_json(Some(whole.len())).len() < whole.len());
    }
}
