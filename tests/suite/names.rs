//! What names the connection, the API token, the tenant and the user: every form of it that people
//! have, and what they give by mistake.

use serde_json::json;
use stand_in_tenant::{Stage, StandIn, example};

use crate::support::{Job, all_at_once, example};

#[test]
fn a_connection_is_taken_in_every_form_that_atlan_and_editors_make() {
    let list = json!([example::CONNECTION]);
    for value in [
        example::CONNECTION.to_owned(),
        list.to_string(),
        format!(" {}\r\n", example::CONNECTION),
        format!("{list:#}\n"),
        format!("\"{}\"", example::CONNECTION),
        format!("'{list}'"),
        format!("\u{a0}{}\u{200b}", example::CONNECTION),
    ] {
        Job::against(&example()).env("CONNECTION_QUALIFIED_NAME", value).run().added();
    }
    let nested = json!({ "connection_qualified_name": [example::CONNECTION] }).to_string();
    let tenant = example();
    let job = Job::against(&tenant).without("CONNECTION_QUALIFIED_NAME");
    job.env("NESTED_CONFIG", nested).run().added();
}

#[test]
fn what_is_no_connection_is_recognised_and_nothing_wrong_is_suggested() {
    let long = format!("default/snowflake/{}", "1".repeat(1024));
    let child = "default/snowflake/1700000000/DB/SCHEMA/TABLE";
    let rows = [
        ("https://acme.atlan.com/assets/5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11/overview", "is a URL", ""),
        ("htps://acme.atlan.com", "is a URL", "perhaps"),
        ("5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "a GUID", ""),
        ("Production", "the name that people see", ""),
        ("Snowflake production", "the name that people see", ""),
        (child, "perhaps \"default/snowflake/1700000000\"", "DB"),
        ("/default/x/1", "perhaps \"default/x/1\" is meant", ""),
        ("default/x/1/", "perhaps \"default/x/1\" is meant", ""),
        ("snowflake/1700000000", "perhaps \"default/snowflake/1700000000\" is meant", ""),
        ("a,b", "several connections", "perhaps"),
        ("default/x/1, default/y/2", "several connections", "perhaps"),
        ("default/x/1\ndefault/y/2", "several connections", "perhaps"),
        ("default/collection/jdoe/5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11", "query collection", "perhaps"),
        ("[{\"x\":1}]", "must hold text", "perhaps"),
        ("[]", "the list has 0", ""),
        ("[\"a\",\"b\"]", "the list has 2", ""),
        ("[", "isn't one", ""),
        ("a\u{7}b/x/1", "a\\u0007b", ""),
        ("default/snow\u{a0}flake/1", "snow\\u00a0flake", ""),
        ("default/snow\u{ad}flake/1", "snow\\u00adflake", ""),
        ("default/snow\u{200b}flake/1", "snow\\u200bflake", ""),
        ("{{inputs.parameters.connection}}", "template", ""),
        ("$CONNECTION", "variable", ""),
        ("<connection>", "placeholder", ""),
        (&long, "characters long", "1111"),
    ];
    all_at_once(&rows, |(value, words, not)| {
        let tenant = example();
        let ran = Job::against(&tenant).env("CONNECTION_QUALIFIED_NAME", value).run();
        // JSON writes each backslash twice.
        ran.refused(&tenant, &["CONNECTION_QUALIFIED_NAME", &words.replace('\\', "\\\\")]);
        assert!(not.is_empty() || !ran.stdout.contains(not), "{not}: {ran:?}");
    });
}

#[test]
fn an_api_token_is_found_by_each_of_its_names_in_each_spelling() {
    let upper = example::TOKEN_GUID.to_uppercase();
    for (input, value) in [
        ("API_TOKEN_NAME", format!("{}\r\n", example::TOKEN)),
        ("API_TOKEN_GUID", upper.clone()),
        ("API_TOKEN_GUID", format!("{{{upper}}}")),
        ("API_TOKEN_GUID", format!("urn:uuid:{upper}")),
        ("API_TOKEN_GUID", upper.replace('-', "")),
        ("API_TOKEN_CLIENT_ID", example::CLIENT_ID.to_owned()),
        ("API_TOKEN_CLIENT_ID", format!(" {}\n", example::USERNAME)),
    ] {
        let tenant = example();
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, &value).run();
        assert_eq!(ran.added()["api_token"]["guid"], example::TOKEN_GUID, "{value}");
        let query = format!("{:?}", tenant.requests()[0].query);
        assert!(!query.contains(&upper), "sent in the usual spelling: {query}");
    }
}

#[test]
fn an_api_token_in_the_wrong_input_is_pointed_to_the_right_one() {
    let long = "y".repeat(1025);
    let long_id = format!("apikey-{long}");
    let rows = [
        ("API_TOKEN_NAME", example::TOKEN_GUID, "API_TOKEN_GUID"),
        ("API_TOKEN_NAME", "\n{5F1E0A52-8C0E-4C0E-9F44-0D0C1A5B7E11}", "API_TOKEN_GUID"),
        ("API_TOKEN_NAME", example::CLIENT_ID, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_NAME", example::USERNAME, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_NAME", "{{inputs.parameters.name}}", "template"),
        ("API_TOKEN_NAME", "${NAME}", "variable"),
        ("API_TOKEN_NAME", "a\nb", "line break"),
        ("API_TOKEN_NAME", &long, "1025 characters"),
        ("API_TOKEN_GUID", example::CLIENT_ID, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_GUID", example::USERNAME, "API_TOKEN_CLIENT_ID"),
        ("API_TOKEN_GUID", example::TOKEN, "API_TOKEN_NAME"),
        ("API_TOKEN_GUID", "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e1", "isn't a GUID"),
        ("API_TOKEN_CLIENT_ID", example::TOKEN_GUID, "API_TOKEN_GUID"),
        ("API_TOKEN_CLIENT_ID", example::TOKEN, "API_TOKEN_NAME"),
        ("API_TOKEN_CLIENT_ID", "apikey-", "whole client ID"),
        ("API_TOKEN_CLIENT_ID", &long_id, "1032 characters"),
    ];
    all_at_once(&rows, |(input, value, words)| {
        let tenant = example();
        let ran = Job::against(&tenant).without("API_TOKEN_NAME").env(input, value).run();
        ran.refused(&tenant, &[input, words]);
    });
}

#[test]
fn the_name_of_an_api_token_is_taken_exactly() {
    for name in [" ci-pipeline ", "ci  pipeline", "\u{a0}ci", "'ci'", "größer & 50%", "null"] {
        let tenant = example();
        tenant.edit(|world| world.tokens[0].name = name.to_owned());
        let ran = Job::against(&tenant).env("API_TOKEN_NAME", format!("{name}\n")).run();
        assert_eq!(ran.added()["api_token"]["name"], name);
    }
    let ran = Job::against(&example()).env("API_TOKEN_NAME", "\"ci-pipeline\"").run();
    ran.failed(5, "token_not_found", "retrieve-token");
    assert!(ran.stderr.contains("quotation marks"), "{ran:?}");
}

#[test]
fn what_cannot_be_seen_in_a_name_is_shown_when_it_is_not_found() {
    let names = [
        ("ci\u{a0}pipeline", "ci\\u00a0pipeline", "letter by letter"),
        ("ci-pipe\u{ad}line", "ci-pipe\\u00adline", "letter by letter"),
        ("ci-pipeline\u{200b}", "ci-pipeline\\u200b", "letter by letter"),
        ("cafe\u{301}", "cafe\\u0301", "letter by letter"),
    ];
    all_at_once(&names, |(name, shown, hint)| {
        let ran = Job::against(&example()).env("API_TOKEN_NAME", name).run();
        ran.failed(5, "token_not_found", "retrieve-token");
        ran.says(shown, hint);
    });
}

#[test]
fn a_base_url_that_would_leak_or_mislead_is_refused_with_the_one_that_is_meant() {
    let rows = [
        ("http://acme.atlan.com", "give \"https://acme.atlan.com\""),
        (
            "https://acme.atlan.com/assets/5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11/overview",
            "give \"https://acme.atlan.com\"",
        ),
        ("https://acme.atlan.com/api/meta?x=sesame-open", "give \"https://acme.atlan.com\""),
        ("https://jdoe:sesame-open@acme.atlan.com", "give \"https://acme.atlan.com\""),
        ("https://sesame-open@acme.atlan.com", "must not hold a user name or password"),
        ("acme.atlan.com", "give \"https://acme.atlan.com\""),
        ("htps://acme.atlan.com", "must start with https://"),
        ("ftp://acme.atlan.com", "must start with https://"),
        ("https://acme,atlan.com", "can't be one"),
        ("https://acme..atlan.com", "can't be one"),
        ("https://acme atlan.com", "white space"),
        ("https://TENANT.atlan.com", "your own tenant"),
        ("http://tenant.local", "in the clear"),
        ("http://localhost.evil.example", "in the clear"),
        ("http://10.0.0.1", "in the clear"),
        ("http://heracles-service.heracles.svc", "KUBERNETES_SERVICE_HOST"),
        ("http://heracles-service.heracles.svc.cluster.local", "KUBERNETES_SERVICE_HOST"),
        ("http://heracles", "KUBERNETES_SERVICE_HOST"),
        ("{{workflow.parameters.url}}", "template"),
        ("$ATLAN_BASE_URL", "variable"),
    ];
    all_at_once(&rows, |(value, words)| {
        let tenant = example();
        let ran = Job::against(&tenant).env("ATLAN_BASE_URL", value).secret("sesame").run();
        ran.refused(&tenant, &["ATLAN_BASE_URL", words]);
    });
    let tenant = example();
    Job::against(&tenant).env("ATLAN_BASE_URL", format!("{}/", tenant.url())).run().added();
}

#[test]
fn names_of_a_cluster_are_for_programs_inside_one() {
    for address in
        ["http://heracles.heracles.svc", "http://heracles.heracles.svc.cluster.local", "http://heracles"]
    {
        let tenant = example();
        let job = Job::against(&tenant).env("ATLAN_BASE_URL", address).env("HTTP_PROXY", tenant.url());
        job.env("KUBERNETES_SERVICE_HOST", "10.0.0.1").run().added();
    }
    // INTERNAL is proof enough.
    Job::in_cluster(&example()).run().added();
}

/// A tenant whose workflow's client has this secret.
fn with_secret(secret: &str) -> StandIn {
    let tenant = example();
    tenant.edit(|world| world.client.1 = secret.to_owned());
    tenant
}

#[test]
fn a_clients_secret_may_have_any_character_in_it() {
    let secrets =
        ["open sesame wide", " sesame-open ", "sésame-ouvre-toi", "a+b&c=d%41\"e\\f/g", "\"sesame-open\""];
    all_at_once(&secrets, |secret| {
        let tenant = with_secret(secret);
        Job::in_cluster(&tenant).env("CLIENT_SECRET", format!("{secret}\r\n")).run().added();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, format!("{secret}\n")).unwrap();
        let job = Job::in_cluster(&tenant).without("CLIENT_SECRET").env("CLIENT_SECRET_FILE", path);
        assert_eq!(job.run().report()["status"], "already_admin", "{secret}");
    });
}

#[test]
fn a_workflow_run_without_a_creator_is_told_why_and_what_to_do() {
    let tenant = example();
    let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", "").run();
    ran.refused(
        &tenant,
        &[
            "ATLAN_USER_ID is empty: this workflow run has no creator",
            "Argo before 3.5",
            "would bypass Atlan's security",
            "Submit the workflow as a person",
        ],
    );
}

#[test]
fn the_workflows_own_service_account_is_nobody_to_act_as() {
    let tenant = example();
    let own = format!("service-account-{}", example::WORKFLOW_CLIENT);
    for user in [own.clone(), own.to_uppercase().replace("SERVICE-ACCOUNT", "service-account")] {
        let ran = Job::in_cluster(&tenant).env("ATLAN_USER_ID", user).run();
        ran.refused(&tenant, &["ATLAN_USER_ID", "the workflow's own service account"]);
    }
}

#[test]
fn a_key_that_is_given_goes_before_the_user_to_act_as_and_it_is_said_whose_it_is() {
    let tenant = example();
    let key = crate::support::jwt(&json!({ "preferred_username": "jdoe" }).to_string());
    tenant.edit(|world| world.bearers.insert(key.clone(), "jdoe".to_owned()));
    let ran = Job::in_cluster(&tenant).env("ATLAN_API_KEY", key).run();
    ran.added();
    assert_eq!(tenant.count(Stage::ClientCredentials), 0);
    let warning = "ATLAN_API_KEY is given, so the run acts as \\\"jdoe\\\"";
    assert!(ran.stderr.contains(warning), "{ran:?}");
}
