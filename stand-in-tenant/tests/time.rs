//! What happens later than it seems, and what isn't HTTP as usual.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use stand_in_tenant::{Fault, Reads, Stage, StandIn, Times, World, example};

const PATH: &str =
    "/api/meta/entity/uniqueAttribute/type/Connection?attr:qualifiedName=default/snowflake/1700000000";

/// Sends a request as `jdoe` on a connection of its own.
fn send(tenant: &StandIn, method: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", tenant.port())).unwrap();
    let (bearer, length) = (example::ADMIN_BEARER, body.len());
    let head = format!(
        "{method} {PATH} HTTP/1.1\r\nhost: tenant\r\nauthorization: Bearer {bearer}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn read(tenant: &StandIn) -> String {
    answer(send(tenant, "GET", ""))
}

fn write(tenant: &StandIn, names: &str) -> TcpStream {
    let attributes = format!(r#"{{"qualifiedName":"{}","adminUsers":{names}}}"#, example::CONNECTION);
    send(tenant, "PUT", &format!(r#"{{"entity":{{"typeName":"Connection","attributes":{attributes}}}}}"#))
}

fn wait_until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_replica_that_is_behind_shows_the_old_list_with_the_old_time() {
    let tenant = StandIn::start(World::example());
    let before = tenant.edit(|world| world.first().update_time.to_string());
    tenant.serve_old_reads(Duration::from_secs(3600), Reads::EveryOther);
    assert!(answer(write(&tenant, r#"["jdoe"]"#)).contains("PARTIAL_UPDATE"));
    let (new, old) = (read(&tenant), read(&tenant));
    assert!(new.contains(r#""adminUsers":["jdoe"]"#) && !new.contains(&format!("\"updateTime\":{before}")));
    assert!(old.contains(r#"["jdoe","asmith"]"#) && old.contains(&format!("\"updateTime\":{before}")));

    tenant.serve_old_reads(Duration::from_millis(1), Reads::All);
    tenant.edit(|world| world.first().add("carol"));
    wait_until(|| read(&tenant).contains("carol"));
}

#[test]
fn a_late_write_comes_after_its_answer_and_without_its_client() {
    let tenant = StandIn::start(World::example());
    tenant.carry_out_late(Stage::Write, Times::Once, Duration::from_millis(500), Fault::status(504));
    assert!(answer(write(&tenant, r#"["jdoe"]"#)).starts_with("HTTP/1.1 504"));
    assert_eq!(tenant.admin_users(example::CONNECTION), ["jdoe", "asmith"]);
    wait_until(|| tenant.admin_users(example::CONNECTION) == ["jdoe"]);

    let delay = Duration::from_millis(100);
    tenant.slow_down(Stage::Write, Times::Once, delay);
    let given_up = write(&tenant, r#"["jdoe","asmith"]"#);
    wait_until(|| tenant.count(Stage::Write) == 2);
    drop(given_up);
    wait_until(|| tenant.admin_users(example::CONNECTION).len() == 2);
    tenant.slow_down(Stage::Write, Times::Once, delay);
    assert!(answer(write(&tenant, r#"["jdoe"]"#)).contains("PARTIAL_UPDATE"));
}

#[test]
fn what_is_no_usual_answer_is_sent_as_it_is() {
    let tenant = StandIn::start(World::example());
    for (fault, start) in [
        (Fault::interim(103), "HTTP/1.1 103 Interim\r\n\r\n"),
        (Fault::Answer(101, Vec::new(), Vec::new()), "HTTP/1.1 101 "),
        (Fault::page(408), "HTTP/1.1 408 "),
        (Fault::AnswerAndClose, "HTTP/1.1 200 OK\r\n"),
    ] {
        tenant.fail(Stage::Read, Times::Once, fault);
        let answer = read(&tenant);
        assert!(answer.starts_with(start), "{answer}");
    }
}

#[test]
fn a_right_can_be_known_to_one_replica_and_not_to_the_other() {
    let tenant = StandIn::start(World::example());
    tenant.edit(|world| world.right_comes_after("jdoe", &[Duration::from_secs(3600), Duration::ZERO]));
    let statuses = [(); 4].map(|()| read(&tenant)[9..12].to_owned());
    assert_eq!(statuses, ["200", "403", "200", "403"]);
}

#[test]
#[should_panic = "what was to happen at this request never did"]
fn what_was_arranged_and_never_happened_is_told() {
    let tenant = StandIn::start(World::example());
    tenant.fail(Stage::Write, Times::Once, Fault::Reset);
    read(&tenant);
}
