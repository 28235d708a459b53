//! The outcome is the truth, as the built program sees it: writes whose answer is lost, old reads, other
//! writers. Every order of these is in the model test of step 3; here are sockets, real answers, and the
//! orders that somebody was lost in once.

use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Reads, Stage, StandIn, Times, example};

use crate::support::{Job, all_at_once, example};

const USERNAME: &str = example::USERNAME;
const FOR_EVER: Duration = Duration::from_secs(3600);

fn admins(tenant: &StandIn) -> Vec<String> {
    tenant.admin_users(example::CONNECTION)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Each way not to hear what became of a write.
fn lost() -> Vec<Fault> {
    let breaks = [Fault::Reset, Fault::ResetMidway, Fault::CutShort, Fault::Silence, Fault::Dribble];
    let by_the_api = [408, 460, 499, 500, 503, 504].map(Fault::status);
    let by_a_page = [408, 502, 504].map(Fault::page);
    let others = [Fault::storage_away(), Fault::atlas(400, "ATLAS-400-00-029", "Auth request failed")];
    breaks.into_iter().chain(by_the_api).chain(by_a_page).chain(others).collect()
}

fn job(tenant: &StandIn) -> Job {
    Job::in_cluster(tenant).env("REQUEST_TIMEOUT_SECONDS", "1.5")
}

#[test]
fn a_write_that_came_through_is_not_repeated() {
    let nonsense = ["<html>", "{", "[]", "\u{0}", ""].map(Fault::body);
    let pages = [403, 404, 409, 501].map(Fault::page);
    let faults: Vec<_> = lost().into_iter().chain(nonsense).chain(pages).collect();
    let cases: Vec<_> = faults.iter().flat_map(|fault| [0, 800].map(|late| (fault, late))).collect();
    all_at_once(&cases, |(fault, late)| {
        let tenant = example();
        match late {
            0 => tenant.lose_answer(Stage::Write, Times::Once, (*fault).clone()),
            late => tenant.carry_out_late(Stage::Write, Times::Once, ms(*late), (*fault).clone()),
        }
        job(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", "asmith", USERNAME], "{fault:?} {late}");
        assert_eq!(tenant.count(Stage::Write), 1, "{fault:?} {late}");
    });
}

#[test]
fn a_write_that_did_not_come_through_is_sent_again_from_a_fresh_read() {
    let refusals = [Fault::status(401), Fault::retry_after(429, "1"), Fault::login()];
    let faults: Vec<_> = lost().into_iter().chain(refusals).collect();
    all_at_once(&faults, |fault| {
        let tenant = example();
        tenant.fail(Stage::Write, Times::Once, fault.clone());
        tenant.after(Stage::Write, |world| {
            world.first().add("dave");
            world.first().remove("asmith");
        });
        let report = job(&tenant).run().added();
        assert_eq!(admins(&tenant), ["jdoe", "dave", USERNAME], "{fault:?}");
        assert_eq!(report["admin_users"]["before"], json!(["jdoe", "dave"]), "{fault:?}");
        let mut order: Vec<_> = tenant.requests().iter().map(|request| request.stage).collect();
        order.retain(|stage| [Stage::Write, Stage::ReadBack].contains(stage));
        order.dedup();
        assert_eq!(order, [Stage::Write, Stage::ReadBack, Stage::Write, Stage::ReadBack], "{fault:?}");
        assert_eq!(tenant.count(Stage::Write), 2, "{fault:?}");
    });
}

#[test]
fn what_no_second_write_can_follow_is_still_looked_into() {
    let held = Fault::retry_after(503, "3600");
    let cases = [
        // A lost answer, whether the write came through, and whether it is known in the end.
        (Fault::Silence, true, true),
        (Fault::Silence, false, false),
        (Fault::Away(FOR_EVER), true, false),
        (Fault::Away(FOR_EVER), false, false),
        (held, true, true),
    ];
    all_at_once(&cases, |(fault, carried_out, is_known)| {
        let tenant = example();
        match carried_out {
            true => tenant.lose_answer(Stage::Write, Times::Once, fault.clone()),
            false => tenant.fail(Stage::Write, Times::Once, fault.clone()),
        }
        if matches!(fault, Fault::Silence) {
            tenant.slow_down(Stage::ReadBack, Times::Forever, ms(1500));
        }
        let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "5").run();
        assert_eq!(tenant.count(Stage::Write), 1);
        if *is_known {
            ran.added();
            return;
        }
        let report = ran.failed(75, "unavailable", "append-and-update");
        assert_eq!(report["changed"], Value::Null, "{fault:?} {carried_out}");
        ran.says("", &format!("Check in Atlan whether \"{USERNAME}\" is"));
        ran.says("", example::CONNECTION);
    });
}

#[test]
fn a_doubt_stays_when_what_comes_next_is_refused() {
    all_at_once(&[Stage::Write, Stage::ReadBack], |stage| {
        let tenant = example();
        tenant.fail(Stage::Write, Times::Once, Fault::status(504));
        let refusal = Fault::atlas(403, "ATLAS-403-00-001", "jdoe is not authorized to perform it");
        tenant.fail(*stage, Times::Forever, refusal);
        let ran = Job::against(&tenant).run();
        assert_eq!(ran.failed(8, "forbidden", "append-and-update")["changed"], Value::Null, "{stage:?}");
        ran.says(
            if *stage == Stage::Write { "may not change" } else { "may not read" },
            "Check in Atlan whether",
        );
    });
}

#[test]
fn old_reads_lose_nobody_and_put_nobody_back() {
    fn old(tenant: &StandIn, ms: u64, reads: Reads) {
        tenant.serve_old_reads(Duration::from_millis(ms), reads);
    }
    fn refuse(tenant: &StandIn) {
        tenant.fail(Stage::Write, Times::Once, Fault::retry_after(429, "0"));
    }
    fn dave_comes(tenant: &StandIn) {
        tenant.after(Stage::Write, |world| world.first().add("dave"));
    }
    fn eve_left(tenant: &StandIn) {
        tenant.edit(|world| world.first().add("eve"));
        old(tenant, 6000, Reads::EveryOther);
        tenant.edit(|world| world.first().remove("eve"));
    }
    /// Step 2 sees the newest state; the reads after the write come from before it, with the same names.
    fn renamed(tenant: &StandIn, fault: Fault) {
        old(tenant, 6000, Reads::AllButTheFirst);
        tenant.edit(|world| world.first().name = "renamed".to_owned());
        tenant.lose_answer(Stage::Write, Times::Once, fault);
        dave_comes(tenant);
    }
    /// A replica hasn't heard of dave yet, who was seen.
    fn unheard_of(tenant: &StandIn) {
        old(tenant, 600_000, Reads::EveryOther);
        tenant.edit(|world| world.first().add("dave"));
    }
    fn closes(tenant: &StandIn) {
        tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose);
    }
    fn resets(tenant: &StandIn) {
        tenant.fail(Stage::Write, Times::Once, Fault::Reset);
    }
    // What is arranged, who is an admin in the end besides the two, how often was written.
    type Row<'a> = (&'a [fn(&StandIn)], &'a [&'a str], usize);
    let cases: [Row; 9] = [
        (&[|tenant| old(tenant, 2500, Reads::All)], &[USERNAME], 1),
        (&[|tenant| old(tenant, 2500, Reads::EveryOther)], &[USERNAME], 1),
        (&[|tenant| old(tenant, 1200, Reads::All), dave_comes], &[USERNAME, "dave"], 1),
        (&[unheard_of, refuse], &["dave", USERNAME], 2),
        (&[unheard_of, closes], &["dave", USERNAME], 1),
        (&[eve_left, refuse], &[USERNAME], 2),
        (&[eve_left, resets], &[USERNAME], 2),
        (&[|tenant| renamed(tenant, Fault::status(503))], &[USERNAME, "dave"], 1),
        (&[|tenant| renamed(tenant, Fault::Reset)], &[USERNAME, "dave"], 1),
    ];
    all_at_once(&cases, |(arrange, others, writes)| {
        let tenant = example();
        arrange.iter().for_each(|arrange| arrange(&tenant));
        let report = Job::against(&tenant).run().added();
        let expected = [&["jdoe", "asmith"], *others].concat();
        assert_eq!(admins(&tenant), expected);
        assert_eq!(report["admin_users"]["after"], json!(expected));
        assert_eq!(tenant.count(Stage::Write), *writes, "{expected:?}");
    });
}

#[test]
fn no_write_is_started_without_time_to_read_it_back() {
    let tenant = example();
    tenant.slow_down(Stage::Token, Times::Once, ms(1400));
    let ran = Job::against(&tenant).env("DEADLINE_SECONDS", "3").run();
    let report = ran.failed(75, "unavailable", "append-and-update");
    ran.says("too little of DEADLINE_SECONDS is left to write the list", "raise it");
    assert_eq!((&report["changed"], tenant.count(Stage::Write)), (&json!(false), 0));
}

#[test]
fn an_old_read_from_when_the_connection_was_archived_is_read_again() {
    let tenant = example();
    tenant.edit(|world| world.first().active = false);
    tenant.serve_old_reads(ms(2000), Reads::AllButTheFirst);
    tenant.edit(|world| world.first().active = true);
    Job::against(&tenant).run().added();
    assert_eq!(tenant.count(Stage::Write), 1);
}
