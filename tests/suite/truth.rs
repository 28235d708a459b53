//! The outcome is the truth: reads that are old, writes without an answer, refusals, other writers,
//! and what the report, the exit code and `changed` say of each. Every order of these is in the
//! model test of step 3; here they are seen through the built program.

use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::{Certificate, Fault, Reads, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once, wait_until};

const UPDATE: &str = "append-and-update";
const USERNAME: &str = example::USERNAME;

fn tenant() -> StandIn {
    StandIn::start(World::example())
}

fn admins(tenant: &StandIn) -> Vec<String> {
    tenant.admin_users(example::CONNECTION)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[track_caller]
fn has(ran: &Ran, status: &str, changed: Value) {
    let report = ran.report();
    assert_eq!((&report["status"], &report["changed"]), (&status.into(), &changed), "{ran:?}");
}

fn hint(report: &Value) -> &str {
    report["error"]["hint"].as_str().unwrap()
}

#[test]
fn a_write_that_old_reads_do_not_show_yet_is_waited_for_and_not_repeated() {
    all_at_once(&[Reads::All, Reads::EveryOther], |reads| {
        let tenant = tenant();
        tenant.serve_old_reads(ms(2500), *reads);
        Job::against(&tenant).run().added();
        assert_eq!(tenant.count(Stage::Write), 1);
    });
}

#[test]
fn nobody_is_lost_to_a_read_that_was_old() {
    let tenant = tenant();
    tenant.serve_old_reads(ms(1200), Reads::All);
    tenant.after(Stage::Write, |world| world.first().add("dave"));
    let report = Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME, "dave"]);
    assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", USERNAME, "dave"]));
}

#[test]
fn nobody_who_was_seen_is_lost_to_a_replica_that_has_not_heard_of_them_yet() {
    all_at_once(&[Stage::Read, Stage::Write], |stage| {
        let tenant = tenant();
        tenant.serve_old_reads(Duration::from_secs(600), Reads::EveryOther);
        tenant.edit(|world| world.first().add("dave"));
        match stage {
            Stage::Write => tenant.fail(Stage::Write, Times::Once, Fault::retry_after(429, "0")),
            _ => tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose),
        }
        Job::against(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", "asmith", "dave", USERNAME], "{stage:?}");
    });
}

#[test]
fn reads_that_stay_old_leave_the_truth_open_and_are_no_reason_to_run_again_at_once() {
    let tenant = tenant();
    tenant.serve_old_reads(Duration::from_secs(600), Reads::All);
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "5").run();
    let report = ran.failed(11, "verification_failed", UPDATE);
    assert_eq!((&report["changed"], &report["error"]["retryable"]), (&Value::Null, &json!(false)));
    assert!(hint(&report).starts_with("Check in Atlan whether"), "{report}");
    assert_eq!(tenant.count(Stage::Write), 1, "nothing is written from an old read");
}

#[test]
fn the_list_is_read_again_before_a_write_is_sent_again_whatever_the_reason() {
    let faults = [
        Fault::status(401),
        Fault::retry_after(429, "1"),
        Fault::login(),
        Fault::status(503),
        Fault::atlas(400, "ATLAS-400-00-029", "Auth request failed"),
        Fault::Reset,
        Fault::page(408),
    ];
    all_at_once(&faults, |fault| {
        let tenant = tenant();
        tenant.fail(Stage::Write, Times::Once, fault.clone());
        // While it isn't accepted, somebody adds an admin.
        tenant.after(Stage::Write, |world| world.first().add("dave"));
        Job::in_cluster(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", "asmith", "dave", USERNAME], "{fault:?}");
    });
}

#[test]
fn a_write_is_never_sent_with_a_list_that_got_old_on_the_way() {
    // TLS takes more than a second, and the tenant closes the connection after the read.
    let tenant = StandIn::start_tls(World::example(), Certificate::Good);
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), &tenant.ca_pem).unwrap();
    tenant.set_accept_delay(ms(1500));
    tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose);
    tenant.after(Stage::Read, |world| world.first().add("dave"));
    Job::against(&tenant).env("SSL_CERT_FILE", ca.path()).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", "dave", USERNAME]);
}

#[test]
fn a_write_that_was_on_its_way_for_long_is_warned_of() {
    let tenant = tenant();
    tenant.slow_down(Stage::Write, Times::Once, ms(1100));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(ran.stderr.contains("whoever else was added to the list in that time may be missing"), "{ran:?}");
}

#[test]
fn nobody_who_was_removed_before_the_run_is_put_back_from_an_older_read() {
    for fault in [Fault::retry_after(429, "0"), Fault::Reset] {
        let tenant = tenant();
        tenant.edit(|world| world.first().add("eve"));
        tenant.serve_old_reads(ms(6000), Reads::EveryOther);
        tenant.edit(|world| world.first().remove("eve"));
        tenant.fail(Stage::Write, Times::Once, fault);
        Job::against(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME]);
    }
}

#[test]
fn an_older_state_that_was_never_seen_is_no_base_of_a_write() {
    // Step 2 sees the newest state; the reads after the write come from before it, with the same names.
    for fault in [Fault::status(503), Fault::Reset] {
        let tenant = tenant();
        tenant.serve_old_reads(ms(6000), Reads::AllButTheFirst);
        tenant.edit(|world| world.first().name = "renamed".to_owned());
        tenant.lose_answer(Stage::Write, Times::Once, fault);
        tenant.after(Stage::Write, |world| world.first().add("dave"));
        Job::against(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME, "dave"]);
        assert_eq!(tenant.count(Stage::Write), 1);
    }
}

#[test]
fn an_asset_that_is_made_anew_under_its_name_is_told_as_that() {
    let anew = |world: &mut World| {
        let asset = world.first();
        (asset.guid, asset.admin_users) = (
            "c0ffee00-0000-4000-8000-00000000000a".to_owned(),
            Some(["jdoe", "new"].map(str::to_owned).into()),
        );
    };
    let tenant = self::tenant();
    tenant.before(Stage::Write, anew);
    let ran = Job::against(&tenant).run();
    let report = ran.failed(11, "verification_failed", UPDATE);
    assert_eq!(report["changed"], true);
    ran.says("was deleted and made anew", "Put its list right in Atlan");
    ran.says("c0ffee00-0000-4000-8000-00000000000a", "");

    // Before anything was written, the new one is as good as the old.
    let tenant = self::tenant();
    tenant.fail(Stage::Write, Times::Once, Fault::retry_after(429, "0"));
    tenant.after(Stage::Write, anew);
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "new", USERNAME]);
}

#[test]
fn a_tenant_that_keeps_no_connection_open_can_be_written_to_all_the_same() {
    let tenant = tenant();
    for stage in [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack] {
        tenant.fail(stage, Times::Forever, Fault::AnswerAndClose);
    }
    Job::against(&tenant).run().added();
}

#[test]
fn a_write_without_an_answer_is_read_for_as_long_again_as_it_was_waited_for() {
    let tenant = tenant();
    tenant.carry_out_late(Stage::Write, Times::Once, ms(4500), Fault::Silence);
    Job::against(&tenant).env("REQUEST_TIMEOUT_SECONDS", "3").run().added();
    assert_eq!(tenant.count(Stage::Write), 1, "it was sent again while it was still running");
}

#[test]
fn what_was_never_carried_out_is_told_as_another_writers_doing() {
    for fault in [Fault::status(429), Fault::retry_after(429, "1"), Fault::status(401)] {
        let tenant = tenant();
        tenant.fail(Stage::Write, Times::Once, fault);
        tenant.after(Stage::Write, |world| world.first().add(USERNAME));
        let ran = Job::in_cluster(&tenant).run();
        has(&ran, "already_admin", json!(false));
        assert_eq!((ran.code, tenant.count(Stage::Write)), (Some(0), 1));
    }
}

#[test]
fn an_unanswered_write_without_a_trace_leaves_the_truth_open() {
    let faults = [
        Fault::body("<html>"),
        Fault::empty(),
        Fault::page(404),
        Fault::page(403),
        Fault::page(409),
        Fault::Answer(101, Vec::new(), Vec::new()),
        Fault::status(501),
    ];
    all_at_once(&faults, |fault| {
        let tenant = tenant();
        tenant.fail(Stage::Write, Times::Once, fault.clone());
        let report = Job::against(&tenant).run().failed(10, "unexpected_response", UPDATE);
        assert_eq!(report["changed"], Value::Null, "{fault:?}: {report}");
        assert!(hint(&report).starts_with("Check in Atlan whether"), "{report}");
        assert_eq!(tenant.count(Stage::Write), 1, "{fault:?}");
    });
}

#[test]
fn a_write_that_is_carried_out_after_its_answer_is_still_seen() {
    let faults = [
        Fault::status(504),
        Fault::status(500),
        Fault::body("<html>"),
        Fault::Reset,
        Fault::storage_away(),
        // Whoever gave up on it may say so in the API's own form.
        Fault::status(408),
        Fault::status(460),
        Fault::status(499),
    ];
    all_at_once(&faults, |fault| {
        let tenant = tenant();
        tenant.carry_out_late(Stage::Write, Times::Once, ms(800), fault.clone());
        Job::against(&tenant).run().added();
        assert_eq!(tenant.count(Stage::Write), 1, "{fault:?}");
    });
}

#[test]
fn a_doubt_stays_when_the_next_write_is_refused() {
    let tenant = tenant();
    tenant.fail(Stage::Write, Times::Once, Fault::status(504));
    let refusal = Fault::atlas(403, "ATLAS-403-00-001", "jdoe is not authorized to perform update entity");
    tenant.fail(Stage::Write, Times::Forever, refusal);
    let report = Job::against(&tenant).run().failed(8, "forbidden", UPDATE);
    assert_eq!(report["changed"], Value::Null);
}

#[test]
fn a_refusal_in_the_apis_own_words_changed_nothing() {
    for (fault, code, kind) in [
        (Fault::status(401), 7, "unauthenticated"),
        (Fault::status(403), 8, "forbidden"),
        (Fault::atlas(404, "ATLAS-404-00-009", "gone"), 6, "connection_not_found"),
        (Fault::atlas(404, "ATLAS-404-00-00A", "gone"), 6, "connection_not_found"),
        (Fault::atlas(404, "ATLAS-404-00-005", "gone"), 6, "connection_not_found"),
        (Fault::atlas(404, "ATLAS-404-00-007", "invalid parameters"), 9, "rejected"),
        (Fault::atlas(400, "ATLAS-400-00-114", "no admins"), 9, "rejected"),
        (Fault::page(413), 9, "rejected"),
        (Fault::page(414), 9, "rejected"),
        (Fault::page(431), 9, "rejected"),
    ] {
        let is_page = !matches!(&fault, Fault::Answer(400..=404, ..));
        let tenant = tenant();
        tenant.fail(Stage::Write, Times::Once, fault);
        let ran = Job::against(&tenant).run();
        let report = ran.failed(code, kind, UPDATE);
        if is_page {
            ran.says("the list of admins is too large for what stands before", "raise its limit");
        }
        assert_eq!(report["changed"], false, "{report}");
        assert_eq!(tenant.requests().last().unwrap().stage, Stage::Write);
    }
}

#[test]
fn statuses_that_pass_by_themselves_do_so_wherever_they_come() {
    let stages = [Stage::ClientCredentials, Stage::TokenExchange, Stage::Token, Stage::Read, Stage::ReadBack];
    for stage in stages {
        all_at_once(&[408, 421, 425, 460, 499], |status| {
            let tenant = tenant();
            tenant.fail(stage, Times::Once, Fault::page(*status));
            Job::in_cluster(&tenant).run().added();
        });
        all_at_once(&[501, 505, 511], |status| {
            let tenant = tenant();
            tenant.fail(stage, Times::Forever, Fault::page(*status));
            let ran = Job::in_cluster(&tenant).run();
            assert_eq!(ran.code, Some(10), "{stage:?} {status}: {ran:?}");
            assert_eq!(tenant.count(stage), 1, "{stage:?} {status}");
        });
    }
}

#[test]
fn no_write_is_started_without_time_to_read_it_back() {
    let tenant = tenant();
    tenant.slow_down(Stage::Token, Times::Once, ms(1400));
    let report = Job::against(&tenant).env("DEADLINE_SECONDS", "3").run().failed(75, "unavailable", UPDATE);
    assert_eq!(report["changed"], false);
    assert_eq!(tenant.count(Stage::Write), 0);
}

#[test]
fn a_slow_tenant_is_asked_what_came_of_the_write_after_the_deadline() {
    let tenant = tenant();
    tenant.lose_answer(Stage::Write, Times::Once, Fault::Silence);
    tenant.slow_down(Stage::ReadBack, Times::Forever, ms(1500));
    Job::against(&tenant).env("DEADLINE_SECONDS", "5").run().added();
}

#[test]
fn a_definite_end_outranks_a_signal() {
    let tenant = tenant();
    tenant.slow_down(Stage::Write, Times::Once, ms(600));
    tenant.after(Stage::Write, |world| world.first().remove("asmith"));
    let running = Job::against(&tenant).start();
    wait_until("the write", || tenant.count(Stage::Write) > 0);
    running.signal("TERM");
    let report = running.wait().failed(11, "verification_failed", UPDATE);
    assert_eq!(report["changed"], true);

    let tenant = self::tenant();
    tenant.slow_down(Stage::Write, Times::Once, ms(600));
    tenant.before(Stage::Write, |world| {
        world.roles.insert("jdoe".to_owned(), stand_in_tenant::Role::Member);
    });
    let running = Job::against(&tenant).start();
    wait_until("the write", || tenant.count(Stage::Write) > 0);
    running.signal("INT");
    running.wait().failed(8, "forbidden", UPDATE);
}

#[test]
fn after_a_signal_nothing_is_written() {
    let tenant = tenant();
    tenant.fail(Stage::Write, Times::Once, Fault::status(503));
    tenant.slow_down(Stage::ReadBack, Times::Once, ms(600));
    let running = Job::against(&tenant).start();
    wait_until("the look", || tenant.count(Stage::ReadBack) > 0);
    running.signal("TERM");
    let report = running.wait().failed(143, "interrupted", UPDATE);
    assert_eq!(report["changed"], Value::Null);
    assert_eq!(tenant.count(Stage::Write), 1);
}

#[test]
fn what_is_said_of_other_writers_follows_from_what_was_read() {
    // Nobody else wrote: a write that the tenant didn't carry out isn't blamed on anybody.
    let tenant = tenant();
    tenant.fail(Stage::Write, Times::Once, Fault::status(503));
    let ran = Job::against(&tenant).run();
    ran.added();
    // Nor is the deadline, which had time enough.
    assert!(ran.stderr.contains("isn't known yet: PUT ") && !ran.stderr.contains("deadline"), "{ran:?}");
    // Somebody took asmith off and, with an old list, the token: that isn't told as our loss.
    let tenant = self::tenant();
    tenant.after(Stage::Write, |world| world.first().admin_users = Some(vec!["jdoe".to_owned()]));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert_eq!(admins(&tenant), ["jdoe", USERNAME]);
}

#[test]
fn an_answer_without_any_admins_is_not_taken_for_an_empty_list() {
    for stage in [Stage::Read, Stage::ReadBack] {
        let tenant = tenant();
        let entity = json!({ "entity": { "typeName": "Connection", "guid": "g", "status": "ACTIVE", "updateTime": 9,
            "attributes": { "qualifiedName": example::CONNECTION, "name": "n", "adminGroups": [], "adminRoles": null } } });
        tenant.fail(stage, Times::Forever, Fault::body(entity.to_string()));
        if stage == Stage::ReadBack {
            tenant.fail(Stage::Write, Times::Once, Fault::status(503));
        }
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.code, Some(10), "{ran:?}");
        assert!(ran.report()["error"]["message"].as_str().unwrap().contains("no admins at all"), "{ran:?}");
        assert_eq!(admins(&tenant), ["jdoe", "asmith"]);
    }
}

#[test]
fn a_read_back_that_is_refused_is_told_in_its_own_words() {
    for (status, code, message, words) in [
        (403, 8, "may not read the connection any more", "must be a connection admin"),
        (401, 7, "doesn't accept the bearer token", "get a fresh bearer token"),
    ] {
        let tenant = tenant();
        tenant.fail(Stage::ReadBack, Times::Forever, Fault::status(status));
        let ran = Job::against(&tenant).run();
        let report = ran.report();
        assert_eq!((ran.code, &report["changed"]), (Some(code), &Value::Null), "{ran:?}");
        let said = report["error"]["message"].as_str().unwrap();
        assert!(said.contains(message), "{report}");
        assert!(
            hint(&report).starts_with("Check in Atlan whether") && hint(&report).contains(words),
            "{report}"
        );
    }
}

#[test]
fn somebody_elses_missing_account_is_read_and_tried_again() {
    let tenant = tenant();
    // On the list without an account, and taken off by somebody between our read and our write.
    tenant.edit(|world| world.first().add("left.long.ago"));
    tenant.before(Stage::Write, |world| world.first().remove("left.long.ago"));
    Job::against(&tenant).run().added();
    assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME]);
}

#[test]
fn an_archived_connection_is_seen_before_and_after_the_write() {
    let tenant = tenant();
    tenant.before(Stage::Write, |world| world.first().active = false);
    let report = Job::against(&tenant).run().failed(6, "connection_not_found", UPDATE);
    assert!(report["error"]["message"].as_str().unwrap().contains("archived"), "{report}");
    assert_eq!(report["changed"], true, "the tenant updates an archived connection without a word");
    assert!(
        hint(&report).contains("was a connection admin when the list was last read. Restore the connection"),
        "{report}"
    );
}

#[test]
fn a_list_in_the_storages_own_order_is_the_same_list() {
    let mut world = World::example();
    world.own_order = true;
    for name in ["m", "z", "b", "k", "a"] {
        world.first().add(name);
    }
    let tenant = StandIn::start(world);
    let report = Job::against(&tenant).run().added();
    assert_eq!(report["admin_users"]["after"], json!(admins(&tenant)));
    assert_eq!(admins(&tenant).len(), 8);
}

#[test]
fn settling_that_the_deadline_does_not_allow_is_no_success() {
    let tenant = tenant();
    tenant.slow_down(Stage::Read, Times::Once, ms(900));
    let job = Job::against(&tenant).env("DEADLINE_SECONDS", "4").env("SETTLE_SECONDS", "1");
    tenant.slow_down(Stage::ReadBack, Times::Forever, ms(2200));
    let report = job.run().failed(75, "unavailable", UPDATE);
    assert_eq!(report["changed"], true);
}
