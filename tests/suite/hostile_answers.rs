//! Answers that are too large, too deep, of another shape, or made to forge what people read.

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, example};

use crate::support::{Job, Ran, all_at_once, example};

/// A report about an answer is never longer than this, whatever was in the answer.
const LONGEST_REPORT: usize = 4096;

#[track_caller]
fn is_not_the_api(ran: &Ran, step: &str) -> Value {
    let report = ran.failed(10, "unexpected_response", step);
    assert!(ran.stdout.len() < LONGEST_REPORT, "{ran:?}");
    report
}

/// `before`, as many nested lists, `after`.
fn nested(before: &str, after: &str) -> Vec<u8> {
    format!("{before}{}{}{after}", "[".repeat(100_000), "]".repeat(100_000)).into()
}

/// Bodies that are no JSON, or no object, or not one to be believed.
fn nonsense() -> Vec<Vec<u8>> {
    let text =
        ["", " \n", "<!doctype html><p>Sign in", "nope", "null", "true", "[]", "{}", "\"text\"", "{", "5"];
    let mut bodies: Vec<Vec<u8>> = text.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.extend([
        b"\xff\xfe{\x00}\x00".to_vec(),
        b"\xef\xbb\xbf{\"records\":[],\"entity\":{}}".to_vec(),
        b"\x00\x00\x00".to_vec(),
        b"{\"records\":\"\xc3\x28\"}".to_vec(),
        b"{\"records\":[],\"entity\":null} trailing".to_vec(),
        b"{\"records\":{\"id\":\"\\ud800\"},\"entity\":{\"guid\":\"\\ud800\"}}".to_vec(),
        nested("", ""),
        nested("{\"records\":{\"a\":", "}}"),
        nested("{\"entity\":", "}"),
        nested("{\"entity\":{\"guid\":", "}}"),
        format!("{{\"records\":\"{0}\",\"entity\":\"{0}\"}}", "x".repeat(1 << 20)).into(),
    ]);
    bodies
}

fn of_tokens() -> Vec<Vec<u8>> {
    let records = [
        r#"5"#,
        r#"{}"#,
        r#"[{"displayName":"ci-pipeline"}]"#,
        r#"[{"displayName":"ci-pipeline","clientId":""}]"#,
        r#"[{"displayName":"ci-pipeline","clientId":["c"]}]"#,
        r#"[],"records":[]"#,
    ];
    let mut bodies: Vec<Vec<u8>> =
        records.iter().map(|records| format!("{{\"records\":{records}}}").into()).collect();
    // Of the right shape but for its encoding.
    bodies.push(b"{\"records\":[{\"id\":\"\xff\",\"clientId\":\"c\"}]}".to_vec());
    bodies
}

fn of_connections() -> Vec<Vec<u8>> {
    let name = r#""qualifiedName":"default/snowflake/1700000000""#;
    let users = r#""adminUsers":["jdoe"]"#;
    let good = format!(r#""typeName":"Connection","attributes":{{{name},{users}}}"#);
    let with = |attributes: &str| format!(r#""attributes":{{{attributes}}}"#);
    let entities = [
        format!(r#""typeName":"Table",{}"#, with(&format!("{name},{users}"))),
        format!(r#""typeName":5,{}"#, with(&format!("{name},{users}"))),
        with(users),
        with(&format!(r#""qualifiedName":"default/snowflake/1700000001",{users}"#)),
        with(&format!(r#""qualifiedName":null,{users}"#)),
        with(&format!("{name},{name},{users}")),
        with(&format!(r#"{name},"adminUsers":"jdoe""#)),
        with(&format!(r#"{name},"adminUsers":{{"0":"jdoe"}}"#)),
        with(&format!(r#"{name},"adminUsers":[1]"#)),
        with(&format!(r#"{name},"adminUsers":[null]"#)),
        with(&format!(r#"{name},"adminUsers":[["jdoe"]]"#)),
        with(&format!(r#"{name},"adminUsers":[],{users}"#)),
        format!(r#"{good},"status":5"#),
    ];
    let mut bodies: Vec<Vec<u8>> =
        entities.iter().map(|entity| format!("{{\"entity\":{{{entity}}}}}").into()).collect();
    bodies.push(format!("{{\"entity\":{{{good}}},\"entity\":{{{good}}}}}").into());
    bodies
}

#[test]
fn an_answer_of_another_shape_is_refused_before_anything_is_written() {
    for (stage, step, special) in [
        (Stage::Token, "retrieve-token", of_tokens()),
        (Stage::Read, "retrieve-connection-admins", of_connections()),
    ] {
        let bodies = [nonsense(), special].concat();
        all_at_once(&bodies, |body| {
            let tenant = example();
            tenant.fail(stage, Times::Forever, Fault::body(body.clone()));
            let report = is_not_the_api(&Job::against(&tenant).env("LOG_LEVEL", "trace").run(), step);
            assert_eq!(report["changed"], false);
            assert_eq!((tenant.count(stage), tenant.count(Stage::Write)), (1, 0));
        });
    }
}

#[test]
fn an_answer_of_another_shape_after_the_write_leaves_the_truth_open() {
    all_at_once(&of_connections(), |body| {
        let tenant = example();
        tenant.fail(Stage::ReadBack, Times::Forever, Fault::body(body.clone()));
        let report = is_not_the_api(&Job::against(&tenant).run(), "append-and-update");
        assert_eq!(report["changed"], Value::Null);
    });
}

#[test]
fn depth_in_a_field_that_nobody_reads_does_no_harm() {
    let tenant = example();
    tenant.fail(Stage::Token, Times::Forever, Fault::body(nested("{\"records\":null,\"x\":", "}")));
    Job::against(&tenant).run().failed(5, "token_not_found", "retrieve-token");
}

/// The token's record with this client ID and these attributes.
fn record(client_id: &str, attributes: &str) -> Fault {
    Fault::body(format!(
        r#"{{"records":[{{"id":"{}","clientId":{client_id},"displayName":"{}","attributes":{attributes}}}]}}"#,
        example::TOKEN_GUID,
        example::TOKEN,
    ))
}

/// The connection with these fields, and these attributes.
fn connection(fields: &str, attributes: &str) -> Fault {
    Fault::body(format!(
        r#"{{"entity":{{"typeName":"Connection","status":"ACTIVE",{fields}"updateTime":1700000000000,
            "attributes":{{"qualifiedName":"{}",{attributes}"adminUsers":["jdoe","asmith"]}}}}}}"#,
        example::CONNECTION
    ))
}

#[test]
fn what_is_only_shown_or_there_twice_never_ends_the_job() {
    let client_id = format!("\"{}\"", example::CLIENT_ID);
    let attributes =
        ["[5]", "[]", "null", r#""x""#, r#"{"clientId":""}"#, r#"{"clientId":null}"#, r#"{"clientId":7}"#];
    let mut cases: Vec<_> =
        attributes.iter().map(|attributes| (Stage::Token, record(&client_id, attributes))).collect();
    cases.push((Stage::Token, record("null", &format!(r#"{{"clientId":{client_id}}}"#))));
    let names = [
        r#""name":null,"#,
        r#""name":"","#,
        r#""name":5,"#,
        r#""name":"half \ud83d","#,
        r#""name":{"a":[]},"#,
        r#""adminRoles":null,"adminGroups":[null,{"a":1},"half \ud83d",7],"#,
    ];
    cases.extend(names.map(|name| (Stage::Read, connection("", name))));
    let fields =
        [r#""guid":null,"#, r#""guid":"","#, r#""guid":5,"#, r#""createTime":"soon","updatedBy":7,"#];
    cases.extend(fields.map(|fields| (Stage::Read, connection(fields, ""))));
    all_at_once(&cases, |(stage, answer)| {
        let tenant = example();
        tenant.fail(*stage, Times::Once, answer.clone());
        let name = Job::against(&tenant).run().added()["connection"]["name"].take();
        assert!(name.is_null() || *stage == Stage::Token || name == "production", "{name}");
    });
}

/// What acts on a terminal, forges a log line, turns text around, or is a command to what reads a log.
const FORGERY: &str = "a\u{1b}[2J\u{9b}31m\r\nb\u{0}\u{7}\u{202e}\u{2066}\u{61c}\u{200b}\u{2028}\u{85}\
    {\"name\":\"api-token-connection-admin\",\"level\":30,\"msg\":\"all is well\"}\n::error::b ##vso[task.setvariable]c \
    ##[error]#[d";

#[test]
fn text_of_the_tenant_can_forge_neither_a_log_line_nor_a_terminal() {
    let arrange: [fn(&StandIn); 5] = [
        |tenant| tenant.edit(|world| world.first().name = FORGERY.to_owned()),
        |tenant| tenant.edit(|world| world.tokens[0].client_id = FORGERY.to_owned()),
        |tenant| tenant.fail(Stage::Write, Times::Forever, Fault::atlas(400, FORGERY, FORGERY)),
        |tenant| tenant.fail(Stage::Write, Times::Forever, Fault::Answer(403, Vec::new(), FORGERY.into())),
        |tenant| {
            tenant.edit(|world| world.first().add(FORGERY));
            tenant.after(Stage::Write, |world| world.first().remove(FORGERY));
        },
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
    assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", FORGERY, example::USERNAME]));
    assert_eq!(report["connection"]["name"], FORGERY);
    assert_eq!(tenant.admin_users(example::CONNECTION)[2], FORGERY);
}
