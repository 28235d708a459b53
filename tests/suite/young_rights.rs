//! A right reaches the tenant's replicas up to half a minute after it was given, one by one: until
//! then they answer 403. That is waited for where the right is young, and nowhere else.

use std::time::Duration;

use stand_in_tenant::{Role, Stage, StandIn, World};

use crate::support::{Job, Ran, all_at_once, example};

const ADMINS: &str = "retrieve-connection-admins";
const UPDATE: &str = "append-and-update";

/// A tenant where `jdoe` made a connection just now, and the job for it.
fn young() -> (StandIn, Job) {
    let tenant = example();
    let connection = tenant.edit(|world| world.add_young_connection("new", "jdoe"));
    let job = Job::against(&tenant).signed_in(&tenant, "jdoe");
    (tenant, job.env("CONNECTION_QUALIFIED_NAME", connection))
}

/// This user's rights reach the replicas so many seconds after the job's first request.
fn right_comes_after(tenant: &StandIn, user: &'static str, replicas: &[u64]) {
    let replicas: Vec<_> = replicas.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
    tenant.before(Stage::Token, move |world| world.right_comes_after(user, &replicas));
}

/// How often it is said why the run waits.
fn explained(ran: &Ran) -> usize {
    ran.stderr.matches("which can mean \\\"not yet\\\"").count()
}

#[test]
fn the_creator_of_a_new_connection_is_waited_for_until_every_replica_knows_the_right() {
    // By one replica and by two, of which the one knows it from the start: it shows the list.
    all_at_once(&[&[3][..], &[3, 0], &[0, 3]], |replicas| {
        let (tenant, job) = young();
        right_comes_after(&tenant, "jdoe", replicas);
        let ran = job.run();
        ran.added();
        assert!(ran.elapsed > Duration::from_secs(2), "{ran:?}");
        assert!((1..=2).contains(&explained(&ran)), "once for a request: {ran:?}");
        assert!(ran.stderr.contains("it may take a minute until the right works"), "{ran:?}");
        // Not asked all the time: every 2 to 3 seconds.
        let refused = tenant.requests().len() - 4;
        assert!((1..=5).contains(&refused), "{refused} more requests than usual");
    });
}

#[test]
fn a_right_that_does_not_come_is_waited_for_as_long_as_was_said() {
    let cases = [
        ("PERMISSION_PATIENCE_SECONDS", "0", 1),
        // The last question comes when the patience ends.
        ("PERMISSION_PATIENCE_SECONDS", "4.5", 3),
        ("DEADLINE_SECONDS", "4.8", 2),
    ];
    all_at_once(&cases, |(limit, seconds_of_it, reads)| {
        let (tenant, job) = young();
        right_comes_after(&tenant, "jdoe", &[3600]);
        let ran = job.env(limit, seconds_of_it).run();
        let report = ran.failed(8, "forbidden", ADMINS);
        ran.says("the user \"jdoe\" may not read the connection", "run again in a minute");
        assert_eq!(report["changed"], false);
        assert_eq!(tenant.count(Stage::Read), *reads, "{limit}={seconds_of_it}: {ran:?}");
        assert_eq!(explained(&ran), usize::from(*reads > 1), "{ran:?}");
    });
}

#[test]
fn the_wait_ends_with_the_write_which_a_member_may_never_make() {
    let (tenant, job) = young();
    tenant.edit(|world| world.roles.insert("jdoe".to_owned(), Role::Member));
    let ran = job.env("PERMISSION_PATIENCE_SECONDS", "4.5").run();
    assert_eq!(ran.failed(8, "forbidden", UPDATE)["changed"], false);
    assert!((2..=3).contains(&tenant.count(Stage::Write)), "{ran:?}");
}

#[test]
fn whoever_was_put_on_the_list_just_now_is_waited_for() {
    // A bearer token that doesn't say whose it is can't tell that its user is on the list.
    all_at_once(&[true, false], |says_whose| {
        let tenant = example();
        tenant.edit(|world| world.first().add("newcomer"));
        right_comes_after(&tenant, "newcomer", &[3, 0]);
        let job = Job::against(&tenant).signed_in(&tenant, "newcomer");
        if *says_whose {
            let ran = job.run();
            ran.added();
            assert_eq!(explained(&ran), 1, "{ran:?}");
            return;
        }
        tenant.edit(|world| world.bearers.insert("opaque-one".to_owned(), "newcomer".to_owned()));
        job.env("USER_BEARER_TOKEN", "opaque-one").run().failed(8, "forbidden", UPDATE);
        assert_eq!(tenant.count(Stage::Write), 1);
    });
}

#[test]
fn the_refusal_of_an_old_right_is_an_answer() {
    type Row<'a> = (&'a str, fn(&mut World), &'a str);
    let rows: [Row; 3] = [
        ("guest", |_| {}, ADMINS),
        // Somebody else was put on the list just now.
        ("guest", in_a_group_of_guests, UPDATE),
        ("jdoe", changed_six_minutes_ago, UPDATE),
    ];
    all_at_once(&rows, |(user, change, step)| {
        let tenant = example();
        tenant.edit(change);
        let ran = Job::against(&tenant).signed_in(&tenant, user).run();
        ran.failed(8, "forbidden", step);
        assert!(tenant.count(Stage::Read) == 1 && tenant.count(Stage::Write) <= 1, "{ran:?}");
        assert_eq!(explained(&ran), 0, "{ran:?}");
    });
}

fn in_a_group_of_guests(world: &mut World) {
    world.groups.insert("data-stewards".to_owned(), vec!["guest".to_owned()]);
    world.roles.insert("guest".to_owned(), Role::Guest);
    world.first().add("newcomer");
}

fn changed_six_minutes_ago(world: &mut World) {
    let then = world.now() - 360_000;
    (world.first().create_time, world.first().update_time) = (then, then);
    world.roles.insert("jdoe".to_owned(), Role::Member);
}
