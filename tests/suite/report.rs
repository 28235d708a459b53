//! The report: its limit of bytes, and its words for a person.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, all_at_once};

fn tenant() -> StandIn {
    StandIn::start(World::example())
}

/// Text that is longer than any limit, and takes six bytes a character in JSON.
fn long() -> String {
    "\u{7}x\u{202e}".repeat(700)
}

#[test]
fn the_limit_of_bytes_holds_for_every_field_at_its_longest() {
    let said = |status| {
        let body = json!({ "errorCode": long(), "errorMessage": long() }).to_string();
        Fault::Answer(status, Vec::new(), body.into())
    };
    let arrange: [fn(&mut World); 2] = [
        |_| {},
        |world| {
            world.first().name = long();
            world.tokens[0].client_id = format!("apikey-{}", long());
            world.tokens[0].guid = long();
            for number in 0..10 {
                world.first().add(&format!("{number}{}", long()));
            }
        },
    ];
    let mut cases = Vec::new();
    for arrange in arrange {
        for stage in [None, Some(Stage::Token), Some(Stage::Read), Some(Stage::Write), Some(Stage::ReadBack)]
        {
            cases.extend([1024, 1500, 4096, 8192].map(|most| (arrange, stage, most)));
        }
    }
    all_at_once(&cases, |(arrange, stage, most)| {
        let tenant = tenant();
        tenant.edit(arrange);
        if let Some(stage) = stage {
            tenant.fail(*stage, Times::Forever, said(400));
        }
        let ran = Job::against(&tenant).env("REPORT_MAX_BYTES", most.to_string()).run();
        assert!(ran.stdout.len() <= *most, "{} > {most}: {}", ran.stdout.len(), ran.stdout);
        let report = ran.report();
        assert_eq!(report["error"]["exit_code"].as_i64().unwrap_or(0), i64::from(ran.code.unwrap()));
    });
}

#[test]
fn groups_and_roles_are_not_this_programs_and_may_hold_anything() {
    for lists in
        [r#""adminGroups":[null,{"a":1},"half \ud83d"]"#, r#""adminRoles":[7]"#, r#""adminRoles":"all""#]
    {
        let tenant = tenant();
        let read = format!(
            r#"{{"entity":{{"typeName":"Connection","guid":"c0ffee00-0000-4000-8000-000000000001","status":"ACTIVE","updateTime":1,
                "attributes":{{"name":"n","qualifiedName":"{}","adminUsers":["jdoe","asmith"],{lists}}}}}}}"#,
            example::CONNECTION
        );
        tenant.fail(Stage::Read, Times::Once, Fault::body(read));
        Job::against(&tenant).run().added();
    }
}

#[test]
fn a_person_at_a_terminal_reads_what_happened_and_what_to_do() {
    let tenant = tenant();
    let text = |job: Job| job.env("OUTPUT_FORMAT", "text").run().stdout;
    let added = text(Job::against(&tenant));
    let first = "Added: the API token \"ci-pipeline\" is now a connection admin of \"production\".";
    let second = format!("Its admin users are now: \"jdoe\", \"asmith\", \"{}\"", example::USERNAME);
    assert_eq!(added, format!("{first}\n{second}\n"));
    let json = Job::against(&tenant).env("OUTPUT_FORMAT", "text").args(["--json"]).run();
    assert_eq!(json.report()["status"], "already_admin");
    assert!(text(Job::against(&tenant)).starts_with("Nothing to do:"));
    let failed = text(Job::against(&tenant).env("USER_BEARER_TOKEN", "of-nobody-known"));
    assert!(
        failed.contains("exit code 7") && failed.contains("What to do: ") && failed.contains("Request ID"),
        "{failed}"
    );
    let dry = text(Job::against(&self::tenant()).args(["--dry-run"]));
    assert!(dry.starts_with("Dry run: ") && dry.contains("without --dry-run"), "{dry}");
    assert!(dry.contains("\nIts admin users would be: \"jdoe\", \"asmith\", "), "{dry}");
    let forged = self::tenant();
    forged.edit(|world| world.first().name = "a\u{1b}[2J\u{202e}b".to_owned());
    assert!(!text(Job::against(&forged)).contains(['\u{1b}', '\u{202e}']));
    assert!(serde_json::from_str::<Value>(&added).is_err());
}
