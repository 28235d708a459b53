//! Other people and jobs write the same list at the same time. The tenant has no compare-and-set: what a
//! read can show is kept, and what none can show is said in SECURITY.md.

use std::time::Duration;

use serde_json::json;
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, example, wait_until};

const USERNAME: &str = example::USERNAME;

/// On which side of a request somebody does something.
#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// What a writer leaves behind that had read before us and writes after us.
fn overwrite(world: &mut World) {
    world.first().admin_users = Some(["jdoe", "asmith", "newcomer"].map(str::to_owned).into());
}

fn newcomer(world: &mut World) {
    world.first().add("newcomer");
}

fn asmith_leaves(world: &mut World) {
    world.first().remove("asmith");
}

#[test]
fn what_a_read_can_show_of_other_writers_is_kept() {
    type Change = fn(&mut World);
    /// Before or after which request who does what; for how long the list is to settle, who is an admin in
    /// the end, how often was written.
    type Row<'a> = (&'a [(Side, Stage, Change)], &'a str, &'a [&'a str], usize);
    use Side::{After, Before};
    use Stage::{ReadBack, Write};
    fn left_alone(world: &mut World) {
        world.first().admin_users = Some(vec!["jdoe".to_owned()]);
    }
    const ALL: [&str; 4] = ["jdoe", "asmith", "newcomer", USERNAME];
    let cases: [Row; 9] = [
        // What changes between the read and the write is beyond any client: no promise, see SECURITY.md.
        (&[(Before, Write, newcomer)], "0", &["jdoe", "asmith", USERNAME], 1),
        (&[(Before, Write, asmith_leaves)], "0", &["jdoe", "asmith", USERNAME], 1),
        (&[(After, Write, newcomer)], "0", &["jdoe", "asmith", USERNAME, "newcomer"], 1),
        (&[(After, Write, overwrite)], "0", &ALL, 2),
        // Before the second write, somebody leaves.
        (
            &[(After, Write, overwrite), (After, ReadBack, asmith_leaves)],
            "0",
            &["jdoe", "newcomer", USERNAME],
            2,
        ),
        // Taken off with an old list, and the token with them: that isn't told as our loss.
        (&[(After, Write, left_alone)], "0", &["jdoe", USERNAME], 2),
        // A late overwrite is seen, and mended, if the list is given time to settle.
        (&[(After, ReadBack, overwrite)], "0", &ALL[..3], 1),
        (&[(After, ReadBack, overwrite)], "0.2", &ALL, 2),
        // Somebody who is removed on purpose meanwhile is no failure.
        (&[(After, ReadBack, asmith_leaves)], "0.2", &["jdoe", USERNAME], 1),
    ];
    all_at_once(&cases, |(others, settle, admins, writes)| {
        let tenant = example();
        for (side, stage, change) in *others {
            match side {
                Before => tenant.before(*stage, *change),
                After => tenant.after(*stage, *change),
            }
        }
        let report = Job::against(&tenant).env("SETTLE_SECONDS", settle).run().added();
        assert_eq!(tenant.admin_users(example::CONNECTION), *admins);
        assert_eq!(tenant.count(Stage::Write), *writes, "{admins:?}");
        if admins.contains(&USERNAME) {
            assert_eq!(report["admin_users"]["after"], json!(admins));
        }
    });
}

#[test]
fn somebody_elses_missing_account_is_read_and_tried_again() {
    // Somebody without an account is on the list, and taken off it between our read and our write.
    let tenant = example();
    tenant.edit(|world| world.first().add("left.long.ago"));
    tenant.before(Stage::Write, |world| world.first().remove("left.long.ago"));
    Job::against(&tenant).run().added();
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith", USERNAME]);
}

#[test]
fn a_list_in_the_storages_own_order_is_the_same_list() {
    let mut world = World::example();
    world.own_order = true;
    ["m", "z", "b", "k", "a"].iter().for_each(|name| world.first().add(name));
    let tenant = StandIn::start(world);
    let report = Job::against(&tenant).run().added();
    let admins = tenant.admin_users(example::CONNECTION);
    assert_eq!((&report["admin_users"]["after"], admins.len()), (&json!(admins), 8));
}

#[test]
fn what_settling_cannot_ask_any_more_does_not_unsay_the_change() {
    // The tenant is gone by then, or too slow for the deadline.
    all_at_once(&[true, false], |is_gone| {
        let tenant = example();
        let job = Job::against(&tenant).env("SETTLE_SECONDS", "1.5").env("DEADLINE_SECONDS", "4.5");
        if !is_gone {
            tenant.slow_down(Stage::ReadBack, Times::Forever, Duration::from_millis(2200));
        }
        let running = job.start();
        wait_until("the first look", || tenant.count(Stage::ReadBack) > 0);
        if *is_gone {
            tenant.fail(Stage::ReadBack, Times::Forever, Fault::status(503));
        }
        let ran = running.wait();
        assert_eq!(ran.failed(75, "unavailable", "append-and-update")["changed"], true);
        ran.says("", "After the write \"service-account-");
    });
}

#[test]
fn jobs_that_settle_end_with_all_of_them_on_the_list() {
    const JOBS: usize = 5;
    let mut world = World::example();
    let clients: Vec<String> = (0..JOBS).map(|number| format!("apikey-{number:08}")).collect();
    for (number, client) in clients.iter().enumerate() {
        world.add_token(&format!("job-{number}"), &format!("guid-{number}"), client);
    }
    let tenant = StandIn::start(world);
    let mut running: Vec<_> = (0..JOBS)
        .map(|number| {
            let job = Job::against(&tenant).env("API_TOKEN_NAME", format!("job-{number}"));
            job.env("SETTLE_SECONDS", "1.5").env("DEADLINE_SECONDS", "120").start()
        })
        .collect();
    // Some get their answers late, and write long after they read: what others wrote and read back
    // meanwhile is gone.
    for latency in [5, 250].into_iter().cycle() {
        tenant.set_latency(Duration::from_millis(latency));
        std::thread::sleep(Duration::from_millis(60));
        if running.iter_mut().all(|job| job.child.try_wait().unwrap().is_some()) {
            break;
        }
    }
    running.into_iter().for_each(|job| drop(job.wait().added()));
    let admins = tenant.admin_users(example::CONNECTION);
    assert_eq!(admins.len(), 2 + JOBS, "{admins:?}");
    for client in clients {
        assert!(admins.contains(&format!("service-account-{client}")), "{client}: {admins:?}");
    }
}
