//! Answers that are too large, too deep, of another shape, or made to forge what people read.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, all_at_once, example};

/// A report about an answer is never longer than this, whatever was in the answer.
const LONGEST_REPORT: usize = 4096;

/// `before`, as many nested lists, `after`.
fn nested(before: &str, after: &str) -> Vec<u8> {
    format!("{before}{}{}{after}", "[".repeat(100_000), "]".repeat(100_000)).into()
}

/// Bodies that are no JSON, or no object, or not one to be believed.
fn nonsense() -> Vec<Vec<u8>> {
    let text = ["", "<!doctype html><p>Sign in", "null", "[]", "{}"];
    let mut bodies = text.map(|text| text.as_bytes().to_vec()).to_vec();
    bodies.extend([
        b"{\"records\":[],\"entity\":\"\xc3\x28\"}".to_vec(),
        b"{\"records\":[],\"entity\":null} more".to_vec(),
        b"{\"records\":[],\"records\":[],\"entity\":{},\"entity\":{}}".to_vec(),
        nested("{\"records\":{\"a\":", "},\"entity\":5}"),
        nested("{\"records\":5,\"entity\":{\"guid\":", "}}"),
        format!("{{\"records\":\"{0}\",\"entity\":\"{0}\"}}", "x".repeat(1 << 20)).into(),
    ]);
    bodies
}

const USERS: &str = r#""adminUsers":["jdoe","asmith"],"#;

/// The connection with these fields, and these attributes.
fn connection(fields: &str, attributes: &str) -> Vec<u8> {
    let name = format!(r#""qualifiedName":"{}""#, example::CONNECTION);
    format!(r#"{{"entity":{{{fields}"attributes":{{{attributes}{name}}}}}}}"#).into()
}

fn of_connections() -> Vec<Vec<u8>> {
    let other = r#"{"entity":{"attributes":{"qualifiedName":"default/snowflake/1","adminUsers":["jdoe"]}}}"#;
    vec![
        other.into(),
        br#"{"entity":{"attributes":{"adminUsers":["jdoe"]}}}"#.to_vec(),
        connection(r#""typeName":"Table","#, USERS),
        connection(r#""status":5,"#, USERS),
        connection(r#""attributes":{},"#, USERS),
        connection("", &USERS.repeat(2)),
        connection("", r#""adminUsers":"jdoe","#),
        connection("", r#""adminUsers":["jdoe",null],"#),
        // Nobody at all: the answer isn't whole.
        connection("", r#""adminUsers":[],"adminGroups":[],"adminRoles":null,"#),
    ]
}

#[test]
fn an_answer_of_another_shape_ends_the_run_with_the_truth() {
    for (stage, step, bodies, changed) in [
        (Stage::Token, "retrieve-token", nonsense(), json!(false)),
        (Stage::Read, "retrieve-connection-admins", [nonsense(), of_connections()].concat(), json!(false)),
        (Stage::ReadBack, "append-and-update", of_connections(), Value::Null),
    ] {
        all_at_once(&bodies, |body| {
            let tenant = example();
            tenant.fail(stage, Times::Forever, Fault::body(body.clone()));
            let ran = Job::against(&tenant).env("LOG_LEVEL", "trace").run();
            assert_eq!(ran.failed(10, "unexpected_response", step)["changed"], changed, "{ran:?}");
            assert!(ran.stdout.len() < LONGEST_REPORT, "{ran:?}");
            let writes = usize::from(stage == Stage::ReadBack);
            assert_eq!((tenant.count(stage), tenant.count(Stage::Write)), (1, writes));
        });
    }
}

/// The token's record with this client ID and these attributes.
fn record(client_id: &str, attributes: &str) -> Vec<u8> {
    format!(
        r#"{{"records":[{{"id":"{}","clientId":{client_id},"displayName":"{}","attributes":{attributes}}}]}}"#,
        example::TOKEN_GUID,
        example::TOKEN,
    )
    .into()
}

#[test]
fn what_is_only_shown_or_there_twice_never_ends_the_job() {
    let client_id = format!("\"{}\"", example::CLIENT_ID);
    let odd = format!(r#"{USERS}"name":{{"a":[]}},"adminRoles":null,"adminGroups":[null,"half \ud83d",7],"#);
    let bodies = [
        (Stage::Token, record(&client_id, "[5]")),
        (Stage::Token, record(&client_id, r#"{"clientId":7}"#)),
        (Stage::Token, record("null", &format!(r#"{{"clientId":{client_id}}}"#))),
        (Stage::Token, nested(r#"{"records":null,"more":"#, "}")),
        (Stage::Read, connection(r#""guid":5,"createTime":"soon","updatedBy":7,"#, &odd)),
        (Stage::Read, connection(r#""guid":"","#, &format!(r#"{USERS}"name":"half \ud83d","#))),
    ];
    all_at_once(&bodies, |(stage, body)| {
        let tenant = example();
        tenant.fail(*stage, Times::Once, Fault::body(body.clone()));
        let name = Job::against(&tenant).run().added()["connection"]["name"].take();
        assert!(name.is_null() || *stage == Stage::Token, "{name}");
    });
}

/// What acts on a terminal, forges a log line, turns text around, or is a command to what reads a log.
const FORGERY: &str = "a\u{1b}[2J\u{9b}31m\r\nb\u{0}\u{7}\u{202e}\u{2066}\u{61c}\u{200b}\u{2028}\u{85}\
    {\"name\":\"api-token-connection-admin\",\"level\":30,\"msg\":\"all is well\"}\n::error::b ##vso[task.setvariable]c \
    ##[error]#[d";

#[test]
fn text_of_the_tenant_can_forge_neither_a_log_line_nor_a_terminal() {
    let arrange: [fn(&StandIn); 4] = [
        |tenant| tenant.edit(|world| world.first().name = FORGERY.to_owned()),
        |tenant| tenant.edit(|world| world.tokens[0].client_id = FORGERY.to_owned()),
        |tenant| tenant.fail(Stage::Write, Times::Forever, Fault::atlas(400, FORGERY, FORGERY)),
        |tenant| tenant.fail(Stage::Write, Times::Forever, Fault::Answer(403, Vec::new(), FORGERY.into())),
    ];
    let formats = [("json", "bunyan"), ("json", "pretty"), ("text", "bunyan"), ("text", "pretty")];
    let cases: Vec<_> =
        arrange.iter().flat_map(|arrange| formats.map(|formats| (arrange, formats))).collect();
    all_at_once(&cases, |(arrange, (output, log))| {
        let tenant = example();
        arrange(&tenant);
        let job = Job::against(&tenant).env("LOG_LEVEL", "trace").env("LOG_FORMAT", log);
        let job = job.without("API_TOKEN_NAME").env("API_TOKEN_GUID", example::TOKEN_GUID);
        let ran = job.env("OUTPUT_FORMAT", output).run();
        let said = ran.everything();
        let acts =
            |c: char| c.is_control() && c != '\n' || "\u{200b}\u{202e}\u{2028}\u{2066}\u{61c}".contains(c);
        assert!(!said.contains(acts) && !said.contains("##") && !said.contains("#["), "{said}");
        assert!(!said.lines().any(|line| line.trim_start().starts_with("::")), "{said}");
        if *output == "json" {
            ran.report();
        }
        for line in ran.stderr.lines() {
            let is_genuine = match *log {
                "bunyan" => serde_json::from_str::<Value>(line).is_ok_and(|record| record["v"] == 0),
                _ => line.as_bytes().get(..4).is_some_and(|start| start.iter().all(u8::is_ascii_digit)),
            };
            assert!(is_genuine, "a forged line: {line:?}");
        }
    });
}

#[test]
fn names_that_cannot_be_printed_are_kept_as_they_are() {
    let tenant = example();
    tenant.edit(|world| {
        world.first().add(FORGERY);
        world.first().name = FORGERY.to_owned();
    });
    let report = Job::against(&tenant).run().added();
    let admins = json!(["jdoe", "asmith", FORGERY, example::USERNAME]);
    assert_eq!((&report["admin_users"]["after"], &report["connection"]["name"]), (&admins, &json!(FORGERY)));
    assert_eq!(tenant.admin_users(example::CONNECTION)[2], FORGERY);
}
