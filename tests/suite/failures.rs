//! What ends how: of each state of the tenant that the job can't do its work in, the exit code, the kind,
//! the step, `changed`, and the words that say what was found and what to do.

use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Reads, Role, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once, example};

const USERNAME: &str = example::USERNAME;

/// How a run fails: exit code, kind, step.
type End = (i32, &'static str, &'static str);

const NO_TOKEN: End = (5, "token_not_found", "retrieve-token");
const NO_CONNECTION: End = (6, "connection_not_found", "retrieve-connection-admins");
const NO_LOGIN: End = (7, "unauthenticated", "retrieve-token");
const MAY_NOT_LIST: End = (8, "forbidden", "retrieve-token");
const MAY_NOT_READ: End = (8, "forbidden", "retrieve-connection-admins");
const MAY_NOT_WRITE: End = (8, "forbidden", "append-and-update");
const GONE: End = (6, "connection_not_found", "append-and-update");
const UNKNOWN: End = (9, "rejected", "append-and-update");
const NOT_VERIFIED: End = (11, "verification_failed", "append-and-update");

/// `changed`.
const NO: Value = Value::Bool(false);
const YES: Value = Value::Bool(true);
const PERHAPS: Value = Value::Null;

/// Arranges what is wrong, and gives the job that meets it.
type Arrange = Box<dyn Fn(&StandIn, Job) -> Job + Sync>;
type Change = fn(&mut World);

/// The API token is given like this.
fn token(input: &'static str, value: &'static str) -> Arrange {
    Box::new(move |_, job| job.without("API_TOKEN_NAME").env(input, value))
}

fn given(input: &'static str, value: &'static str) -> Arrange {
    Box::new(move |_, job| job.env(input, value))
}

fn at_first(change: Change) -> Arrange {
    Box::new(move |tenant, job| {
        tenant.edit(change);
        job
    })
}

/// This user runs it, in such a world.
fn user(name: &'static str, change: Change) -> Arrange {
    Box::new(move |tenant, job| {
        tenant.edit(change);
        job.signed_in(tenant, name)
    })
}

fn before_the_write(change: Change) -> Arrange {
    Box::new(move |tenant, job| {
        tenant.before(Stage::Write, change);
        job
    })
}

fn after_the_write(change: Change) -> Arrange {
    Box::new(move |tenant, job| {
        tenant.after(Stage::Write, change);
        job
    })
}

/// With little time.
fn soon(arrange: fn(&StandIn)) -> Arrange {
    Box::new(move |tenant, job| {
        arrange(tenant);
        job.env("DEADLINE_SECONDS", "5")
    })
}

/// `guest`, who is on no list, is in the connection's group, with this role.
fn in_a_group(world: &mut World, role: Role) {
    world.groups.insert("data-stewards".to_owned(), vec!["guest".to_owned()]);
    world.roles.insert("guest".to_owned(), role);
}

fn may_not_list(world: &mut World) {
    world.may_not_list_tokens.insert("jdoe".to_owned());
}

#[track_caller]
fn hold(rows: &[(Arrange, End, Value, &str, &str)]) {
    all_at_once(rows, |(arrange, (code, kind, step), changed, message, hint)| {
        let tenant = example();
        let ran = arrange(&tenant, Job::against(&tenant)).run();
        assert_eq!(ran.failed(*code, kind, step)["changed"], *changed, "{ran:?}");
        ran.says(message, hint);
        let writes: usize = tenant.edit(|world| world.assets.iter().map(|asset| asset.writes).sum());
        assert!(*changed != NO || writes == 0, "{ran:?}");
    });
}

#[test]
fn what_is_not_there_is_named() {
    const GUID: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e12";
    const CLIENT_ID: &str = "apikey-00000000-0000-4000-8000-000000000000";
    let letters = "letter by letter";
    let another: Arrange = Box::new(|tenant, job| {
        let record = json!({ "id": "x", "clientId": "apikey-x", "displayName": "ci-pipeline-2" });
        let records = json!({ "records": [record] }).to_string();
        tenant.fail(Stage::Token, Times::Forever, Fault::body(records));
        job
    });
    let namesake = given("CONNECTION_QUALIFIED_NAME", "default/Snowflake/1700000000");
    let of_nobody = given("USER_BEARER_TOKEN", "of-nobody-known");
    let not_any_more: Arrange = Box::new(|tenant, job| {
        let job = job.signed_in(tenant, "jdoe");
        tenant.edit(|world| world.bearers.clear());
        job
    });
    let (fresh, not_accepted) = ("get a fresh bearer token", "doesn't accept the bearer token");
    let no_connection = "the tenant has no connection \"default/Snowflake/1700000000\"";
    let archived = at_first(|world| world.first().active = false);
    hold(&[
        (token("API_TOKEN_NAME", "CI-pipeline"), NO_TOKEN, NO, "\"CI-pipeline\"", letters),
        (token("API_TOKEN_GUID", GUID), NO_TOKEN, NO, GUID, letters),
        (token("API_TOKEN_CLIENT_ID", CLIENT_ID), NO_TOKEN, NO, CLIENT_ID, letters),
        (another, NO_TOKEN, NO, "\"ci-pipeline\"", letters),
        (namesake, NO_CONNECTION, NO, no_connection, letters),
        (archived, NO_CONNECTION, NO, "archived", "Restore the connection"),
        (of_nobody, NO_LOGIN, NO, not_accepted, fresh),
        (not_any_more, NO_LOGIN, NO, "doesn't accept the bearer token of \"jdoe\"", fresh),
    ]);
}

#[test]
fn whoever_may_not_is_told_what_is_missing() {
    let must_be = "must be a connection admin of \"default/snowflake/1700000000\", and have Atlan's Admin role. Its \
        admin users are \"jdoe\", \"asmith\". If it or the right was made just now, run again in a minute.";
    let right =
        "a right of its own, which Atlan's Admins have. Give the token's client ID as API_TOKEN_CLIENT_ID";
    fn is_a(role: Role) -> Arrange {
        Box::new(move |tenant, job| {
            tenant.edit(|world| world.roles.insert("jdoe".to_owned(), role));
            job.signed_in(tenant, "jdoe")
        })
    }
    let by_group = user("guest", |world| in_a_group(world, Role::Member));
    let nameless: Arrange = Box::new(|tenant, job| {
        tenant.edit(|world| in_a_group(world, Role::Member));
        job.env("USER_BEARER_TOKEN", example::GUEST_BEARER)
    });
    let of_no_users = user("guest", |world| {
        in_a_group(world, Role::Member);
        world.first().admin_users = None;
    });
    let by_guid: Arrange = Box::new(|tenant, job| {
        tenant.edit(may_not_list);
        token("API_TOKEN_GUID", example::TOKEN_GUID)(tenant, job.signed_in(tenant, "jdoe"))
    });
    // A client ID that isn't looked up is checked by Atlas.
    let by_client_id: Arrange = Box::new(|tenant, job| {
        tenant.edit(may_not_list);
        tenant.edit(|world| world.tokens.clear());
        token("API_TOKEN_CLIENT_ID", example::CLIENT_ID)(tenant, job)
    });
    let change = "the user \"jdoe\" may not change the connection";
    let (look_up, guest_may) =
        ("the user \"jdoe\" may not look up API tokens", "the user \"guest\" may not ");
    let nobody = "and have Atlan's Admin role. If";
    let no_user = "the tenant knows no user for the API token";
    hold(&[
        (is_a(Role::Member), MAY_NOT_WRITE, NO, change, must_be),
        (is_a(Role::Guest), MAY_NOT_WRITE, NO, change, must_be),
        (by_group, MAY_NOT_WRITE, NO, "the user \"guest\" may not change the connection", must_be),
        (nameless, MAY_NOT_WRITE, NO, "the user may not change the connection", must_be),
        (of_no_users, MAY_NOT_WRITE, NO, guest_may, nobody),
        (user("guest", |_| {}), MAY_NOT_READ, NO, guest_may, "must be a connection admin of"),
        (
            user(USERNAME, |_| {}),
            MAY_NOT_READ,
            NO,
            "may not read the connection",
            "must be a connection admin of",
        ),
        (user("jdoe", may_not_list), MAY_NOT_LIST, NO, look_up, right),
        (by_guid, MAY_NOT_LIST, NO, look_up, right),
        (by_client_id, UNKNOWN, NO, no_user, "check that it still exists"),
    ]);
}

#[test]
fn what_others_do_while_it_runs_is_told() {
    fn anew(world: &mut World) {
        "c0ffee00-0000-4000-8000-00000000000a".clone_into(&mut world.first().guid);
    }
    fn replaced(world: &mut World) {
        world.first().admin_users = Some(["jdoe", "newcomer", USERNAME].map(str::to_owned).into());
    }
    let made_anew = "was deleted and made anew: its GUID was \"c0ffee00-0000-4000-8000-000000000001\", and is \
        \"c0ffee00-0000-4000-8000-00000000000a\"";
    let deleted_before = before_the_write(|world| world.assets.clear());
    let deleted_after = after_the_write(|world| world.assets.clear());
    let archived = before_the_write(|world| world.first().active = false);
    let removed = after_the_write(|world| world.first().remove("asmith"));
    let forgotten = soon(|tenant| tenant.after_each(Stage::Write, |world| world.first().remove(USERNAME)));
    let old = soon(|tenant| tenant.serve_old_reads(Duration::from_secs(600), Reads::All));
    let restore = "was a connection admin. Restore the connection";
    let no_longer = "is now a connection admin, but \"asmith\" no longer is";
    let accepted = "the tenant accepted the write, and yet";
    let who_else = ": it may be so. Look at who else writes this list.";
    let (purpose, right) = ("If they were removed on purpose", "Put its list right in Atlan");
    hold(&[
        (deleted_before, GONE, NO, "was deleted, and isn't there any more", "If it was made anew, run again"),
        (deleted_after, GONE, PERHAPS, "isn't there any more", "Somebody deleted it meanwhile"),
        // The tenant updates an archived connection without a word.
        (archived, GONE, YES, "archived", restore),
        (before_the_write(anew), NOT_VERIFIED, YES, made_anew, right),
        (removed, NOT_VERIFIED, YES, no_longer, purpose),
        (after_the_write(replaced), NOT_VERIFIED, YES, no_longer, purpose),
        // Who accepts writes and forgets them, or shows old lists only, isn't believed.
        (forgotten, NOT_VERIFIED, PERHAPS, accepted, who_else),
        (old, NOT_VERIFIED, PERHAPS, accepted, who_else),
    ]);
}

#[test]
fn a_client_id_needs_no_right_to_look_it_up() {
    let tenant = example();
    tenant.edit(may_not_list);
    let ran = token("API_TOKEN_CLIENT_ID", example::CLIENT_ID)(&tenant, Job::against(&tenant)).run();
    let token = &ran.added()["api_token"];
    assert_eq!((&token["name"], &token["guid"], &token["username"]), (&PERHAPS, &PERHAPS, &json!(USERNAME)));
    assert!(ran.stderr.contains("is taken as it is: the user may not look up API tokens"), "{ran:?}");
    assert!(ran.stderr.contains("whether it has expired isn't known"), "{ran:?}");
}

#[test]
fn only_a_dry_run_warns_that_it_proves_no_right_to_write() {
    let cases = [("guest", true, true), ("jdoe", true, false), ("guest", false, false)];
    all_at_once(&cases, |(user, dry_run, warned)| {
        let tenant = example();
        tenant.edit(|world| in_a_group(world, Role::Admin));
        let ran = Job::against(&tenant).signed_in(&tenant, user).env("DRY_RUN", dry_run.to_string()).run();
        let status = if *dry_run { "would_add" } else { "added" };
        assert_eq!((ran.code, &ran.report()["status"]), (Some(0), &status.into()), "{ran:?}");
        let warning = "a dry run doesn't show whether they may write";
        assert_eq!(ran.stderr.contains(warning), *warned, "{ran:?}");
    });
}
