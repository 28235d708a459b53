//! What ends how: of each state of the tenant that the job can't do its work in, the exit code, the kind,
//! the step, `changed`, and the words that say what was found and what to do.

use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::{Reads, Role, Stage, StandIn, World, example};

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
const AWAY: End = (75, "unavailable", "append-and-update");
const NOT_VERIFIED: End = (11, "verification_failed", "append-and-update");

/// `changed`.
const NO: Value = Value::Bool(false);
const YES: Value = Value::Bool(true);
const PERHAPS: Value = Value::Null;

#[track_caller]
fn fails(tenant: &StandIn, job: Job, (code, kind, step): End, changed: &Value, [message, hint]: [&str; 2]) {
    let ran = job.run();
    assert_eq!(ran.failed(code, kind, step)["changed"], *changed, "{ran:?}");
    ran.says(message, hint);
    assert!(ran.stderr.matches("; trying again for up to").count() <= 1, "it is said once: {ran:?}");
    let writes: usize = tenant.edit(|world| world.assets.iter().map(|asset| asset.writes).sum());
    assert!(*changed != NO || writes == 0, "{ran:?}");
}

/// `guest`, who is on no list, is in the connection's group, with this role.
fn in_a_group(world: &mut World, role: Role) {
    world.groups.insert("data-stewards".to_owned(), vec!["guest".to_owned()]);
    world.roles.insert("guest".to_owned(), role);
}

fn may_not_list(world: &mut World) {
    world.may_not_list_tokens.insert("jdoe".to_owned());
}

#[test]
fn an_api_token_that_is_not_there_is_named() {
    let rows = [
        ("API_TOKEN_NAME", "CI-pipeline"),
        ("API_TOKEN_GUID", "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e12"),
        ("API_TOKEN_CLIENT_ID", "apikey-00000000-0000-4000-8000-000000000000"),
    ];
    all_at_once(&rows, |(input, value)| {
        let tenant = example();
        let job = Job::against(&tenant).without("API_TOKEN_NAME").env(input, value);
        fails(&tenant, job, NO_TOKEN, &NO, [&format!("{value:?}"), "letter by letter"]);
    });
}

#[test]
fn whoever_may_not_is_told_what_is_missing() {
    type Row<'a> = (&'a str, fn(&mut World), End, [&'a str; 2]);
    let member = |world: &mut World| world.roles.extend([("jdoe".to_owned(), Role::Member)]);
    let by_group = |world: &mut World| {
        in_a_group(world, Role::Member);
        world.first().admin_users = None;
    };
    let must_be = "must be a connection admin of \"default/snowflake/1700000000\", and have Atlan's Admin role. Its \
        admin users are \"jdoe\", \"asmith\". If it or the right was made just now, run again in a minute.";
    let not_accepted = ["doesn't accept the bearer token of \"jdoe\"", "get a fresh bearer token"];
    let look_up =
        ["\"jdoe\" may not look up API tokens", "Give the token's client ID as API_TOKEN_CLIENT_ID"];
    let rows: [Row; 5] = [
        ("jdoe", |world| world.bearers.clear(), NO_LOGIN, not_accepted),
        ("jdoe", may_not_list, MAY_NOT_LIST, look_up),
        ("guest", |_| {}, MAY_NOT_READ, ["\"guest\" may not read the connection", "a connection admin of"]),
        ("jdoe", member, MAY_NOT_WRITE, ["\"jdoe\" may not change the connection", must_be]),
        ("guest", by_group, MAY_NOT_WRITE, ["\"guest\" may not change the", "Atlan's Admin role. If"]),
    ];
    all_at_once(&rows, |(user, change, end, words)| {
        let tenant = example();
        let job = Job::against(&tenant).signed_in(&tenant, user);
        tenant.edit(change);
        fails(&tenant, job, *end, &NO, *words);
    });
}

#[test]
fn what_others_did_to_the_connection_is_told() {
    use Stage::Write;
    type Row<'a> = (fn(&StandIn), End, Value, [&'a str; 2]);
    fn anew(world: &mut World) {
        "c0ffee00-0000-4000-8000-00000000000a".clone_into(&mut world.first().guid);
    }
    let forgotten = |tenant: &StandIn| tenant.after_each(Write, |world| world.first().remove(USERNAME));
    let old = |tenant: &StandIn| tenant.serve_old_reads(Duration::from_secs(600), Reads::All);
    let made_anew = "was deleted and made anew: its GUID was \"c0ffee00-0000-4000-8000-000000000001\", and is \
        \"c0ffee00-0000-4000-8000-00000000000a\"";
    let none = ["the tenant has no connection \"default/snowflake/1700000000\"", "letter by letter"];
    let restore = ["archived", "Restore the connection"];
    let deleted = ["was deleted, and isn't there any more", "If it was made anew, run again"];
    let another = [made_anew, "Put its list right in Atlan"];
    let no_longer = ["is now a connection admin, but \"asmith\" no longer is", "removed on purpose"];
    let accepted = ["the tenant accepted the write, and yet", ": it may be so. Look at who else writes"];
    let unknown = ["the tenant knows no user for the API token", "was made just now"];
    let role_missing = |tenant: &StandIn| tenant.edit(|world| world.first().role_missing = true);
    let no_role = [
        "couldn't reach or use its own Keycloak",
        "connection_admins_c0ffee00-0000-4000-8000-000000000001, which Atlan's support must repair",
    ];
    let rows: [Row; 11] = [
        (|tenant| tenant.edit(|world| world.assets.clear()), NO_CONNECTION, NO, none),
        (|tenant| tenant.edit(|world| world.first().active = false), NO_CONNECTION, NO, restore),
        (|tenant| tenant.before(Write, |world| world.assets.clear()), GONE, NO, deleted),
        (|tenant| tenant.after(Write, |world| world.assets.clear()), GONE, PERHAPS, deleted),
        // The tenant updates an archived connection without a word.
        (|tenant| tenant.before(Write, |world| world.first().active = false), GONE, YES, restore),
        (|tenant| tenant.before(Write, anew), NOT_VERIFIED, YES, another),
        (|tenant| tenant.after(Write, |world| world.first().remove("asmith")), NOT_VERIFIED, YES, no_longer),
        (|tenant| tenant.before(Write, |world| world.tokens.clear()), UNKNOWN, NO, unknown),
        // The same words are those of a Keycloak that is away for a moment.
        (role_missing, AWAY, PERHAPS, no_role),
        // Who accepts writes and forgets them, or shows old lists only, isn't believed.
        (forgotten, NOT_VERIFIED, PERHAPS, accepted),
        (old, NOT_VERIFIED, PERHAPS, accepted),
    ];
    all_at_once(&rows, |(arrange, end, changed, words)| {
        let tenant = example();
        arrange(&tenant);
        let job = Job::against(&tenant).env("DEADLINE_SECONDS", "8");
        fails(&tenant, job, *end, changed, *words);
    });
}

#[test]
fn a_client_id_needs_no_right_to_look_it_up() {
    let tenant = example();
    tenant.edit(may_not_list);
    let job = Job::against(&tenant).without("API_TOKEN_NAME");
    let ran = job.env("API_TOKEN_CLIENT_ID", example::CLIENT_ID).run();
    let token = &ran.added()["api_token"];
    assert_eq!((&token["name"], &token["guid"], &token["username"]), (&PERHAPS, &PERHAPS, &json!(USERNAME)));
    assert!(ran.stderr.contains("whether it has expired isn't known"), "{ran:?}");
}

#[test]
fn only_a_dry_run_warns_that_it_proves_no_right_to_write() {
    let rows = [("guest", true, true), ("jdoe", true, false), ("guest", false, false)];
    all_at_once(&rows, |(user, dry_run, warned)| {
        let tenant = example();
        tenant.edit(|world| in_a_group(world, Role::Admin));
        let ran = Job::against(&tenant).signed_in(&tenant, user).env("DRY_RUN", dry_run.to_string()).run();
        assert_eq!((ran.code, tenant.count(Stage::Write)), (Some(0), usize::from(!dry_run)), "{ran:?}");
        assert_eq!(ran.stderr.contains("a dry run doesn't show whether they may write"), *warned, "{ran:?}");
    });
}
