//! The result in words, for a person at a terminal.

use std::fmt::Write;

use super::{ErrorPart, Report, UsersPart, printable};
use crate::config::{Asked, Role};
use crate::steps::Status;
use crate::text::redact::Redactor;
use crate::text::{listed, quoted};

/// A few lines: what happened, to which connection and token, who the admins are, what to do next.
pub(super) fn text(report: &Report, redactor: &Redactor, colours: bool) -> String {
    let asset = report.asset().map(|asset| quoted(asset.name.as_deref().unwrap_or(&asset.qualified_name)));
    let asset = asset.unwrap_or_else(|| "it".to_owned());
    let token = report.api_token.as_ref();
    let token = token.map(|token| format!(" {}", quoted(token.name.as_deref().unwrap_or(&token.client_id))));
    let token = format!("the API token{}", token.unwrap_or_default());
    let holder = report.role.holder();
    let already =
        |role: Role| (32, format!("Nothing to do: {token} is {} of {asset} already.", role.holder()));
    let (colour, done) = match report.status {
        Status::Added => (32, format!("Added: {token} is now {holder} of {asset}.")),
        Status::AlreadyAdmin => already(Role::ConnectionAdmin),
        Status::AlreadyEditor => already(Role::Editor),
        Status::AlreadyViewer => already(Role::Viewer),
        Status::WouldAdd => (33, format!("Dry run: {token} would become {holder} of {asset}.")),
        Status::Failed => (31, report.error.as_ref().map_or_else(String::new, failed)),
    };
    let mut text = String::new();
    // Writing to a string can't fail.
    if let Some(error) = &report.error {
        // Several complaints about the inputs are one message.
        let _ = writeln!(text, "{}", error.message.replace("; ", "\n"));
        if let Some(tenant) = error.request.as_ref().and_then(|request| request.tenant.as_ref()) {
            let _ = writeln!(text, "The tenant says: {}", tenant.message);
        }
        let _ = writeln!(text, "What to do: {}", error.hint);
        // Where nobody answered, nobody knows the ID.
        if let Some(request) = error.request.as_ref().filter(|request| request.http.status.is_some()) {
            let _ = writeln!(text, "Request ID, for Atlan's support: {}", request.http.request_id);
        }
    }
    if let Some(users) = report.users() {
        let _ = writeln!(text, "{}", list(users, report));
    }
    if let Some(Asked { tenant, user, .. }) = &report.asked {
        let user = user.as_deref().map(|user| format!(", as the user {}", quoted(user)));
        let _ = writeln!(text, "In the tenant {tenant}{}.", user.unwrap_or_default());
    }
    if report.status == Status::WouldAdd {
        text.push_str("Nothing was written. Run again without --dry-run to do it.\n");
    }
    // What others wrote must not act on the terminal; our own colours may.
    let (done, text) = (printable(done, redactor, |_| false), printable(text, redactor, |c| c == '\n'));
    match colours {
        true => format!("\u{1b}[{colour}m{done}\u{1b}[0m\n{text}"),
        false => format!("{done}\n{text}"),
    }
}

/// The first line of a failure.
fn failed(error: &ErrorPart) -> String {
    let step = error.step.map(|step| format!(" in {step}")).unwrap_or_default();
    format!("Failed{step} (exit code {}, {}).", error.exit_code, error.kind)
}

/// Who is on the list, or would be.
fn list(users: &UsersPart, report: &Report) -> String {
    let what = report.role.users();
    let (when, names) = match &users.after {
        Some(after) if report.status == Status::WouldAdd => ("would be", after),
        Some(after) => ("are now", after),
        None => ("are", &users.before),
    };
    format!("Its {what} {when}: {}", listed(names.iter().map(String::as_str), 10))
}
