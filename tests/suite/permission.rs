//! Who may do what, and what the report says to those who may not.

use stand_in_tenant::{Role, Stage, StandIn, example};

use crate::support::{Job, Ran, all_at_once, example};

const TOKEN: &str = "retrieve-token";
const ADMINS: &str = "retrieve-connection-admins";
const UPDATE: &str = "append-and-update";

/// A tenant in which this user, who is on no list, is in the connection's group.
fn in_a_group(user: &str, role: Role) -> StandIn {
    let tenant = example();
    tenant.edit(|world| {
        world.groups.insert("data-stewards".to_owned(), vec![user.to_owned()]);
        world.roles.insert(user.to_owned(), role);
    });
    tenant
}

#[test]
fn a_member_on_the_list_is_told_which_role_is_missing() {
    for role in [Role::Member, Role::Guest] {
        let tenant = example();
        tenant.edit(|world| world.roles.insert("jdoe".to_owned(), role));
        let ran = Job::against(&tenant).signed_in(&tenant, "jdoe").run();
        let report = ran.failed(8, "forbidden", UPDATE);
        ran.says(
            "the user \"jdoe\" may not change the connection",
            "\"jdoe\" is on the list of connection admins of \"default/snowflake/1700000000\"",
        );
        ran.says("", "To change it takes Atlan's Admin role, too (members and guests can't)");
        ran.says("", "less than a minute old, run again");
        assert_eq!((&report["changed"], tenant.count(Stage::Write)), (&false.into(), 1));
        assert_eq!(report["error"]["tenant"]["code"], "ATLAS-403-00-001");
    }
}

#[test]
fn whoever_is_not_on_the_list_is_told_who_is() {
    let tenant = in_a_group("guest", Role::Member);
    let signed_in = Job::against(&tenant).signed_in(&tenant, "guest");
    let nameless = Job::against(&tenant).env("USER_BEARER_TOKEN", example::GUEST_BEARER);
    for (job, who) in [(signed_in, "the user \"guest\" may"), (nameless, "the user may")] {
        let ran = job.run();
        ran.failed(8, "forbidden", UPDATE);
        ran.says(who, "must be a connection admin of \"default/snowflake/1700000000\"");
        ran.says("may not change the connection", "Its admin users are \"jdoe\", \"asmith\".");
    }
}

#[test]
fn whoever_has_no_right_at_all_may_not_even_read() {
    let tenant = example();
    let ran = Job::against(&tenant).signed_in(&tenant, "guest").run();
    let report = ran.failed(8, "forbidden", ADMINS);
    ran.says("the user \"guest\" may not read the connection", "must be a connection admin of");
    assert_eq!((&report["changed"], tenant.count(Stage::Read)), (&false.into(), 1));
}

#[test]
fn a_connection_without_admin_users_is_said_to_have_none() {
    let tenant = in_a_group("guest", Role::Member);
    tenant.edit(|world| world.first().admin_users = None);
    let ran = Job::against(&tenant).signed_in(&tenant, "guest").run();
    ran.failed(8, "forbidden", UPDATE);
    ran.says("may not change", "It has no admin users: its admin groups and roles decide.");
}

#[test]
fn an_api_tokens_own_bearer_token_is_told_as_that() {
    let tenant = example();
    let ran = Job::against(&tenant).signed_in(&tenant, example::USERNAME).run();
    ran.failed(8, "forbidden", ADMINS);
    ran.says("may not read", "This is an API token's own bearer token");
}

#[test]
fn a_user_who_may_not_list_api_tokens_is_told_which_right_is_missing() {
    for (input, value) in [("API_TOKEN_NAME", example::TOKEN), ("API_TOKEN_GUID", example::TOKEN_GUID)] {
        let tenant = example();
        tenant.edit(|world| world.may_not_list_tokens.insert("jdoe".to_owned()));
        let job = Job::against(&tenant).signed_in(&tenant, "jdoe").without("API_TOKEN_NAME");
        let ran = job.env(input, value).run();
        let report = ran.failed(8, "forbidden", TOKEN);
        ran.says(
            "the user \"jdoe\" may not look up API tokens",
            "a right of its own, which Atlan's Admins have",
        );
        ran.says("", "as API_TOKEN_CLIENT_ID");
        assert_eq!((&report["changed"], tenant.requests().len()), (&false.into(), 1));
    }
}

/// A run of a user who may not look API tokens up.
fn by_client_id(tenant: &StandIn) -> Ran {
    tenant.edit(|world| world.may_not_list_tokens.insert("jdoe".to_owned()));
    let job = Job::against(tenant).signed_in(tenant, "jdoe").without("API_TOKEN_NAME");
    job.env("API_TOKEN_CLIENT_ID", example::CLIENT_ID).run()
}

#[test]
fn a_client_id_needs_no_looking_up() {
    let tenant = example();
    let ran = by_client_id(&tenant);
    let token = &ran.added()["api_token"];
    assert_eq!((&token["name"], &token["guid"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!(token["username"], example::USERNAME);
    assert!(ran.stderr.contains("is taken as it is: the user may not look up API tokens"), "{ran:?}");
    assert!(ran.stderr.contains("whether it has expired isn't known"), "{ran:?}");
}

#[test]
fn a_client_id_that_is_not_looked_up_is_checked_by_atlas() {
    let tenant = example();
    tenant.edit(|world| world.tokens.clear());
    let ran = by_client_id(&tenant);
    assert_eq!(ran.failed(9, "rejected", UPDATE)["changed"], false);
    ran.says("the tenant knows no user for the API token", "check that it still exists");
}

#[test]
fn only_a_dry_run_warns_that_it_proves_no_right_to_write() {
    let cases = [("guest", true, true), ("jdoe", true, false), ("guest", false, false)];
    all_at_once(&cases, |(user, dry_run, warned)| {
        let tenant = in_a_group(user, Role::Admin);
        let ran = Job::against(&tenant).signed_in(&tenant, user).env("DRY_RUN", dry_run.to_string()).run();
        let status = if *dry_run { "would_add" } else { "added" };
        assert_eq!((ran.code, &ran.report()["status"]), (Some(0), &status.into()), "{ran:?}");
        let warning = "a dry run doesn't show whether they may write";
        assert_eq!(ran.stderr.contains(warning), *warned, "{ran:?}");
    });
}
