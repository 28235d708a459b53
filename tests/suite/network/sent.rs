//! Was the write sent? Whatever breaks between the read and the answer to the write, `changed` is
//! false only if nothing of it can have arrived.

use std::time::Duration;

use serde_json::Value;
use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, example};

use super::between::Between;
use super::between::Manner::{self, PassOn, ReadAfter, Refuse, Say};
use super::{Secure, secure};
use crate::support::{Job, Ran, all_at_once, example};

/// The variable that leads to the gate, and with which scheme.
type Way = (&'static str, &'static str);
const HTTP: Way = ("ATLAN_BASE_URL", "http");
const HTTPS: Way = ("ATLAN_BASE_URL", "https");
const PROXY: Way = ("HTTPS_PROXY", "http");

/// A run whose first connection the tenant closes behind the answer to the read, and what came of
/// those after it.
fn run(tenant: &StandIn, job: Job, way: Way, then: Manner) -> (Ran, String) {
    tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose);
    let gate = Between::start(PassOn(tenant.port()), then);
    let ran = job.env(way.0, gate.url(way.1)).run();
    assert_eq!(ran.report()["status"], "failed", "{way:?} {then:?}: {ran:?}");
    assert_eq!(ran.report()["error"]["step"], "append-and-update", "{way:?} {then:?}: {ran:?}");
    assert_eq!(tenant.count(Stage::Write), 0, "{way:?} {then:?}");
    (ran, gate.heard())
}

fn changed(way: Way, then: Manner) -> Value {
    let Secure { tenant, ca } = match way {
        HTTP => Secure::new(example()),
        _ => secure(Certificate::Good),
    };
    let job = Job::against(&tenant).env("SSL_CERT_FILE", ca.path());
    let job = job.env("DEADLINE_SECONDS", "4").env("REQUEST_TIMEOUT_SECONDS", "1");
    run(&tenant, job, way, then).0.report()["changed"].take()
}

#[test]
fn changed_is_false_only_if_nothing_of_the_write_can_have_arrived() {
    const SILENT: Manner = ReadAfter(Duration::ZERO);
    const CLOSED: Manner = Say("");
    let cases = [
        (HTTP, Refuse, true),
        (HTTPS, CLOSED, true),
        (HTTPS, Say("HTTP/1.1 400 Bad Request\r\n\r\n"), true),
        (HTTPS, SILENT, true),
        (PROXY, CLOSED, true),
        (PROXY, Say("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"), true),
        (HTTP, CLOSED, false),
        (HTTP, Say("HTTP/1.1 504 Late\r\ncontent-length: 0\r\n\r\n"), false),
        (HTTP, Say("220 mail.example\r\n"), false),
        (HTTP, SILENT, false),
    ];
    all_at_once(&cases, |(way, then, is_known)| {
        if *is_known {
            // On a busy machine the write can go out on the first connection, just before that is closed.
            assert!((0..3).any(|_| changed(*way, *then) == false), "{way:?} {then:?}");
        } else {
            assert_eq!(changed(*way, *then), Value::Null, "{way:?} {then:?}");
        }
    });
}

#[test]
fn a_list_that_got_old_on_the_way_is_not_written() {
    // TLS takes more than a second, and the tenant closes the connection after the read.
    let good = secure(Certificate::Good);
    let tenant = &good.tenant;
    tenant.set_accept_delay(Duration::from_millis(1500));
    tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose);
    tenant.after(Stage::Read, |world| world.first().add("dave"));
    let ran = good.job().env("DEADLINE_SECONDS", "60").run();
    ran.added();
    assert!(ran.stderr.contains("got too old before it was sent"), "{ran:?}");
    let admins = tenant.admin_users(example::CONNECTION);
    assert_eq!(admins, ["jdoe", "asmith", "dave", example::USERNAME]);
}

#[test]
fn a_long_list_that_is_not_out_in_time_is_cut_off() {
    let tenant = example();
    let names = (0..100_000).map(|number| format!("{number:036}")).chain(["jdoe".to_owned()]).collect();
    tenant.edit(|world| world.first().admin_users = Some(names));
    let job = Job::against(&tenant).env("DEADLINE_SECONDS", "6").env("REPORT_MAX_BYTES", "8192");
    let (ran, heard) = run(&tenant, job, HTTP, ReadAfter(Duration::from_millis(1500)));
    assert!(!heard.contains(example::USERNAME), "the whole list came: {ran:?}");
    // On a busy machine it can get too old before anything of it is asked for.
    assert!(ran.report()["changed"].is_null() || !heard.contains("adminUsers"), "{ran:?}");
}

#[test]
fn a_write_that_was_on_its_way_for_long_is_warned_of() {
    let tenant = example();
    tenant.slow_down(Stage::Write, Times::Once, Duration::from_millis(1100));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(ran.stderr.contains("whoever else was added to the list in that time may be missing"), "{ran:?}");
}
