//! Answers that are too large, too deep, of another shape, or made to forge what people read.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::{Fault, Stage, StandIn, Times, World, example};

use crate::support::{Job, Ran, all_at_once};

/// A report about an answer is never longer than this, whatever was in the answer.
const LONGEST_REPORT: usize = 4096;

#[track_caller]
fn is_not_the_api(ran: &Ran, step: &str) -> Value {
    let report = ran.failed(10, "unexpected_response", step);
    let message = report["error"]["message"].as_str().unwrap();
    assert!(message.chars().count() < 500, "{message}");
    assert!(ran.stdout.len() < LONGEST_REPORT, "{ran:?}");
    assert!(ran.elapsed < Duration::from_secs(30), "{ran:?}");
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
        b"{\"records\":[{\"id\":\"\\ud800\"}],\"entity\":{\"guid\":\"\\ud800\"}}".to_vec(),
        nested("", ""),
        nested("{\"records\":", "}"),
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
        r#"[5]"#,
        r#"[null]"#,
        r#"[[]]"#,
        r#"[{}]"#,
        r#"[{"id":5}]"#,
        r#"[{"id":null,"clientId":"c"}]"#,
        r#"[{"id":"g"}]"#,
        r#"[{"id":"g","clientId":""}]"#,
        r#"[{"id":"g","clientId":["c"]}]"#,
        r#"[{"id":"g","id":"h","clientId":"c"}]"#,
        r#"[{"id":"g","clientId":"c","attributes":[5]}]"#,
        r#"[{"id":"g","clientId":"c","attributes":{"createdAt":"yesterday"}}]"#,
        r#"[{"id":"g","clientId":"c","attributes":{"createdAt":1e999}}]"#,
        r#"[{"id":"g","clientId":"c","attributes":{"access.token.lifespan":{}}}]"#,
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
    let entity = |guid: &str, attributes: &str| format!(r#""guid":{guid},"attributes":{{{attributes}}}"#);
    let entities = [
        entity("5", &format!(r#"{name},"name":"n""#)),
        entity(r#""""#, &format!(r#"{name},"name":"n""#)),
        entity(r#""-1""#, &format!(r#"{name},"name":"n""#)),
        entity(r#""g""#, name),
        entity(r#""g""#, &format!(r#"{name},"name":"""#)),
        entity(r#""g""#, &format!(r#"{name},"name":5"#)),
        entity(r#""g""#, &format!(r#"{name},{name},"name":"n""#)),
        entity(r#""g""#, r#""name":"n""#),
        entity(r#""g""#, r#""qualifiedName":"default/snowflake/1700000001","name":"n""#),
        entity(r#""g""#, &format!(r#"{name},"name":"n","adminUsers":"jdoe""#)),
        entity(r#""g""#, &format!(r#"{name},"name":"n","adminUsers":{{"0":"jdoe"}}"#)),
        entity(r#""g""#, &format!(r#"{name},"name":"n","adminUsers":[1]"#)),
        entity(r#""g""#, &format!(r#"{name},"name":"n","adminUsers":[null]"#)),
        entity(r#""g""#, &format!(r#"{name},"name":"n","adminUsers":[["jdoe"]]"#)),
        entity(r#""g""#, &format!(r#"{name},"name":"n","adminUsers":[],"adminUsers":["jdoe"]"#)),
        format!("{},\"status\":5", entity(r#""g""#, &format!(r#"{name},"name":"n""#))),
    ];
    let mut bodies: Vec<Vec<u8>> =
        entities.iter().map(|entity| format!("{{\"entity\":{{{entity}}}}}").into()).collect();
    let good = entity(r#""g""#, &format!(r#"{name},"name":"n""#));
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
            let tenant = StandIn::start(World::example());
            tenant.fail(stage, Times::Forever, Fault::body(body.clone()));
            let report = is_not_the_api(&Job::against(&tenant).env("LOG_LEVEL", "trace").run(), step);
            assert_eq!(report["changed"], false);
            assert_eq!((tenant.count(stage), tenant.count(Stage::Write)), (1, 0));
        });
    }
}

#[test]
fn an_answer_of_another_shape_after_the_write_leaves_the_truth_open() {
    all_at_once(&[nonsense(), of_connections()].concat(), |body| {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::ReadBack, Times::Forever, Fault::body(body.clone()));
        let report = is_not_the_api(&Job::against(&tenant).run(), "append-and-update");
        assert_eq!(report["changed"], Value::Null);
    });
}

#[test]
fn depth_in_a_field_that_nobody_reads_does_no_harm() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Token, Times::Once, Fault::body(nested("{\"records\":null,\"x\":", "}")));
    Job::against(&tenant).run().failed(5, "token_not_found", "retrieve-token");
}

#[test]
fn an_answer_that_is_too_large_is_cut_off_while_it_is_read() {
    // A terabyte without a length at each request, and a little too much with one.
    let flood = Fault::Flood(1 << 40);
    let mut cases: Vec<_> =
        [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack].map(|stage| (stage, flood.clone())).into();
    cases.push((Stage::Read, Fault::body(vec![b' '; (4 << 20) + 1])));
    all_at_once(&cases, |(stage, answer)| {
        let tenant = StandIn::start(World::example());
        tenant.fail(*stage, Times::Forever, answer.clone());
        let ran = Job::against(&tenant).run();
        let report = ran.report();
        assert_eq!(report["error"]["kind"], "unexpected_response", "{stage:?}: {ran:?}");
        assert!(report["error"]["message"].as_str().unwrap().contains("larger than 4 MiB"), "{ran:?}");
        assert_eq!(tenant.count(*stage), 1, "{stage:?}");
    });
}

#[test]
fn a_server_that_does_not_speak_http_is_refused_at_once() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let greeter = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        // Until the client has enough of it.
        drop(stream.read_to_end(&mut Vec::new()));
    });
    let ran = Job::against(&StandIn::start(World::example())).env("ATLAN_BASE_URL", url).run();
    let report = is_not_the_api(&ran, "retrieve-token");
    assert!(report["error"]["message"].as_str().unwrap().contains("HTTP"), "{report}");
    greeter.join().unwrap();
}

#[test]
fn compression_is_neither_asked_for_nor_undone() {
    // `{"records":null}`, gzipped and deflated without compression; a bomb would look no different.
    for (encoding, body) in
        [("gzip", &b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"[..]), ("br", b"\x8b\x07\x80")]
    {
        let tenant = StandIn::start(World::example());
        let answer = Fault::Answer(200, vec![("content-encoding", encoding.to_owned())], body.to_vec());
        tenant.fail(Stage::Token, Times::Forever, answer);
        is_not_the_api(&Job::against(&tenant).run(), "retrieve-token");
        assert_eq!(tenant.requests()[0].header("accept-encoding"), Some("identity"));
    }
}

#[test]
fn an_error_of_any_length_is_shown_in_part() {
    let long = "no, ".repeat(1 << 16);
    for body in [
        json!({ "errorCode": long, "errorMessage": long }).to_string(),
        json!({ "message": "", "causes": [{ "errorMessage": long }] }).to_string(),
        long.clone(),
    ] {
        let tenant = StandIn::start(World::example());
        tenant.fail(Stage::Read, Times::Forever, Fault::Answer(403, Vec::new(), body.into()));
        let ran = Job::against(&tenant).run();
        let report = ran.failed(8, "forbidden", "retrieve-connection-admins");
        assert!(report["error"]["tenant"]["message"].as_str().unwrap().ends_with('…'), "{report}");
        assert!(ran.stdout.len() < LONGEST_REPORT, "{ran:?}");
    }
}

/// What acts on a terminal, forges a log line, or turns text around.
const FORGERY: &str = "a\u{1b}[2J\u{9b}31m\r\nb\u{0}\u{7}\u{202e}\u{2066}\u{61c}\u{200b}\u{2028}\u{85}\
    {\"name\":\"api-token-connection-admin\",\"level\":30,\"msg\":\"all is well\"}";

#[track_caller]
fn nothing_is_forged(ran: &Ran, format: &str) {
    let acts = |c: char| c.is_control() && c != '\n' || "\u{200b}\u{202e}\u{2028}\u{2066}\u{61c}".contains(c);
    assert!(!ran.everything().contains(acts), "{ran:?}");
    ran.report();
    for line in ran.stderr.lines() {
        let genuine = match format {
            "bunyan" => serde_json::from_str::<Value>(line).is_ok_and(|record| record["v"] == 0),
            _ => line.as_bytes().get(..4).is_some_and(|start| start.iter().all(u8::is_ascii_digit)),
        };
        assert!(genuine, "a forged line: {line:?}");
    }
}

#[test]
fn text_of_the_tenant_can_forge_neither_a_log_line_nor_a_terminal() {
    for format in ["bunyan", "pretty"] {
        let arrange: [fn(&StandIn); 5] = [
            |tenant| tenant.edit(|world| world.first().name = FORGERY.to_owned()),
            |tenant| tenant.edit(|world| world.tokens[0].client_id = FORGERY.to_owned()),
            |tenant| {
                let body = json!({ "errorCode": FORGERY, "errorMessage": FORGERY }).to_string();
                tenant.fail(Stage::Write, Times::Forever, Fault::Answer(400, Vec::new(), body.into()));
            },
            |tenant| {
                tenant.fail(Stage::Write, Times::Forever, Fault::Answer(403, Vec::new(), FORGERY.into()))
            },
            |tenant| {
                tenant.edit(|world| world.first().add(FORGERY));
                tenant.after(Stage::Write, |world| world.first().remove(FORGERY));
            },
        ];
        for arrange in arrange {
            let tenant = StandIn::start(World::example());
            arrange(&tenant);
            let job = Job::against(&tenant).env("LOG_LEVEL", "trace").env("LOG_FORMAT", format);
            let ran = job.without("API_TOKEN_NAME").env("API_TOKEN_GUID", example::TOKEN_GUID).run();
            nothing_is_forged(&ran, format);
        }
    }
}

#[test]
fn names_that_cannot_be_printed_are_kept_as_they_are() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.first().add(FORGERY));
    let report = Job::against(&tenant).run().added();
    assert_eq!(report["admin_users"]["after"], json!(["jdoe", "asmith", FORGERY, example::USERNAME]));
    assert_eq!(tenant.admin_users(example::CONNECTION)[2], FORGERY);
}
