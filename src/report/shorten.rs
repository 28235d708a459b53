//! A report that has to fit: without the names of users, and if that isn't enough, what failed and why
//! alone.

use super::{Omitted, Report, UsersPart};
use crate::text;
use crate::text::redact::Redactor;

/// What makes a report shorter, one after another.
const SHORTEN: [fn(&mut Report); 7] = [
    leave_out_the_names,
    leave_out_all_but_the_failure,
    |report| cut_the_texts(report, 500),
    |report| cut_the_texts(report, 250),
    |report| report.asked = None,
    |report| cut_the_texts(report, 120),
    |report| cut_the_texts(report, 40),
];

/// The JSON of `report`: with the end of its line at most `most` bytes. 1,024 bytes hold any report.
pub(super) fn to_json(mut report: Report, redactor: &Redactor, most: Option<usize>) -> String {
    for shorten in SHORTEN {
        let json = report.to_json(redactor);
        if most.is_none_or(|most| json.len() < most) {
            return json;
        }
        drop(json); // with many names that is megabytes
        shorten(&mut report);
    }
    report.to_json(redactor)
}

fn leave_out_the_names(report: &mut Report) {
    for users in [&mut report.admin_users, &mut report.viewer_users].into_iter().flatten() {
        let UsersPart { before, after, omitted } = users;
        *omitted = Some(Omitted { before: before.len(), after: after.as_ref().map_or(0, Vec::len) });
        before.clear();
        after.iter_mut().for_each(Vec::clear);
    }
}

fn leave_out_all_but_the_failure(report: &mut Report) {
    (report.connection, report.collection, report.api_token) = (None, None, None);
    (report.admin_users, report.viewer_users) = (None, None);
    report.error.iter_mut().for_each(|error| error.request = None);
}

fn cut_the_texts(report: &mut Report, most: usize) {
    if let Some(error) = &mut report.error {
        error.message = text::bounded(&error.message, most);
        error.hint = text::bounded(&error.hint, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Output;

    #[test]
    fn the_end_of_the_line_is_counted() {
        let redactor = Redactor::default();
        let json = |most| to_json(Report::of_a_killed_run(&Output::default()), &redactor, most);
        let whole = json(None);
        assert_eq!(json(Some(whole.len() + 1)), whole);
        assert!(json(Some(whole.len())).len() < whole.len());
    }
}
