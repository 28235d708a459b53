//! Was the write sent? Whatever breaks between the read and the answer to the write, `changed` is
//! false only if nothing of it can have arrived.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use stand_in_tenant::{Certificate, Fault, Stage, StandIn, Times, World, example};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::between::serve;
use super::secure;
use crate::support::{Job, all_at_once};

/// What becomes of connections after the first.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// Nobody listens any more.
    Refuse,
    /// Taken and closed.
    Close,
    /// Closed once something came.
    CloseWhenAsked,
    /// This is said to whatever comes first.
    Say(&'static str),
    /// What comes is read, and never answered.
    ReadForever,
    /// Nothing is ever read.
    NeverRead,
}

/// Passes the first connection on to the tenant, after its own answer if it is to be a proxy.
fn gate(tenant: &StandIn, is_proxy: bool, then: Then) -> SocketAddr {
    let tenant = SocketAddr::from(([127, 0, 0, 1], tenant.port()));
    serve(None, async move |listener| {
        let (mut first, _) = listener.accept().await.unwrap();
        if is_proxy {
            let _ = first.read(&mut [0; 4096]).await.unwrap();
            first.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        }
        let mut listener = Some(listener);
        if then == Then::Refuse {
            listener = None;
        }
        let first = async {
            let _ = copy_bidirectional(&mut first, &mut TcpStream::connect(tenant).await.unwrap()).await;
            drop(first);
            std::future::pending::<()>().await;
        };
        let others = async {
            let mut kept = Vec::new();
            let Some(listener) = listener else { return std::future::pending().await };
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut heard = vec![0; 1 << 16];
                match then {
                    Then::Refuse | Then::Close => {}
                    Then::CloseWhenAsked => drop(client.read(&mut heard).await),
                    Then::Say(words) => {
                        let _ = client.read(&mut heard).await;
                        let _ = client.write_all(words.as_bytes()).await;
                    }
                    Then::ReadForever => {
                        tokio::spawn(
                            async move { while client.read(&mut heard).await.is_ok_and(|n| n > 0) {} },
                        );
                    }
                    Then::NeverRead => kept.push(client),
                }
            }
        };
        tokio::join!(first, others);
    })
}

const HTTP: &str = "http";
const HTTPS: &str = "https";
const PROXY: &str = "https through a proxy";

/// `changed` of a run whose first connection the tenant closes behind the answer to the read.
fn changed(way: &str, then: Then) -> Value {
    let ca = tempfile::NamedTempFile::new().unwrap();
    let tenant = match way {
        HTTP => StandIn::start(World::example()),
        _ => StandIn::start_tls(World::example(), Certificate::Good),
    };
    std::fs::write(ca.path(), &tenant.ca_pem).unwrap();
    tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose);
    let gate = gate(&tenant, way == PROXY, then);
    let job = Job::against(&tenant).env("DEADLINE_SECONDS", "4").env("REQUEST_TIMEOUT_SECONDS", "1");
    let job = match way {
        PROXY => job.env("HTTPS_PROXY", format!("http://{gate}")),
        way => job.env("ATLAN_BASE_URL", format!("{way}://{gate}")),
    };
    let ran = if way == HTTP { job.run() } else { job.env("SSL_CERT_FILE", ca.path()).run() };
    let report = ran.report();
    assert_eq!(report["status"], "failed", "{way} {then:?}: {ran:?}");
    assert_eq!(report["error"]["step"], "append-and-update", "{way} {then:?}: {ran:?}");
    assert_eq!(tenant.count(Stage::Write), 0, "{way} {then:?}");
    report["changed"].clone()
}

#[test]
fn changed_is_false_only_if_nothing_of_the_write_can_have_arrived() {
    let cases = [
        (HTTP, Then::Refuse, true),
        (HTTPS, Then::Refuse, true),
        (HTTPS, Then::Close, true),
        (HTTPS, Then::CloseWhenAsked, true),
        (HTTPS, Then::Say("HTTP/1.1 400 Bad Request\r\n\r\n"), true),
        (HTTPS, Then::ReadForever, true),
        (PROXY, Then::Refuse, true),
        (PROXY, Then::CloseWhenAsked, true),
        (PROXY, Then::Say("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"), true),
        (HTTP, Then::CloseWhenAsked, false),
        (HTTP, Then::Say("HTTP/1.1 504 Late\r\ncontent-length: 0\r\n\r\n"), false),
        (HTTP, Then::Say("220 mail.example\r\n"), false),
        (HTTP, Then::ReadForever, false),
        (HTTP, Then::NeverRead, false),
    ];
    all_at_once(&cases, |(way, then, is_known)| {
        if *is_known {
            // On a busy machine the write can go out on the first connection, just before that is closed.
            assert!((0..3).any(|_| changed(way, *then) == false), "{way} {then:?}");
        } else {
            assert_eq!(changed(way, *then), Value::Null, "{way} {then:?}");
        }
    });
}

#[test]
fn a_list_that_got_old_on_the_way_is_not_written() {
    // TLS takes more than a second, and the tenant closes the connection after the read.
    let good = secure(Certificate::Good);
    let tenant = &good.tenant;
    tenant.set_accept_delay(Duration::from_millis(1500));
    tenant.fail(Stage::Read, Times::Once, Fault::AnswerAndClose);
    tenant.after(Stage::Read, |world| world.first().add("dave"));
    good.job().env("DEADLINE_SECONDS", "60").run().added();
    let admins = tenant.admin_users(example::CONNECTION);
    assert_eq!(admins, ["jdoe", "asmith", "dave", example::USERNAME]);
}

#[test]
fn a_write_that_was_on_its_way_for_long_is_warned_of() {
    let tenant = StandIn::start(World::example());
    tenant.slow_down(Stage::Write, Times::Once, Duration::from_millis(1100));
    let ran = Job::against(&tenant).run();
    ran.added();
    assert!(ran.stderr.contains("whoever else was added to the list in that time may be missing"), "{ran:?}");
}

#[test]
fn a_tenant_that_keeps_no_connection_open_can_be_written_to() {
    let tenant = StandIn::start(World::example());
    for stage in [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack] {
        tenant.fail(stage, Times::Forever, Fault::AnswerAndClose);
    }
    Job::against(&tenant).run().added();
}

#[test]
fn a_long_list_that_is_not_out_in_time_is_cut_off() {
    // So many that they don't fit into the buffers of the network.
    let names: Vec<String> = (0..100_000).map(|number| format!("{number:036}")).collect();
    // One answer for both questions.
    let token = json!({ "id": "t", "displayName": example::TOKEN, "clientId": example::CLIENT_ID });
    let list = json!({ "records": [token], "filterRecord": 1,
        "entity": { "typeName": "Connection", "guid": "g", "status": "ACTIVE", "updateTime": 9,
        "attributes": { "qualifiedName": example::CONNECTION, "adminUsers": names } } })
    .to_string();
    let (whole, came): (_, Arc<Mutex<Vec<usize>>>) = (list.len(), Arc::default());
    let seen = came.clone();
    let server = serve(Some(4096), async move |listener| {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(answer_slowly(client, list.clone(), seen.clone()));
        }
    });
    let tenant = StandIn::start(World::example());
    let job = Job::against(&tenant).env("ATLAN_BASE_URL", format!("http://{server}"));
    let ran = job.env("DEADLINE_SECONDS", "8").run();
    let came = came.lock().unwrap();
    assert!(came.iter().all(|length| *length < whole - 1000), "{came:?}");
    // On a busy machine it can get too old before anything of it is asked for.
    if ran.report()["changed"] != Value::Null {
        ran.failed(75, "unavailable", "append-and-update");
        assert_eq!((&ran.report()["changed"], came.iter().sum()), (&json!(false), 0_usize), "{ran:?}");
    }
}

/// Answers reads with this list, and reads writes only after a while. Notes how much of them comes.
async fn answer_slowly(mut client: TcpStream, list: String, came: Arc<Mutex<Vec<usize>>>) {
    let mut heard = Vec::new();
    while client.read_buf(&mut heard).await.is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if head.starts_with("GET") {
            heard.clear();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", list.len());
            let _ = client.write_all(&[head.as_bytes(), list.as_bytes()].concat()).await;
            continue;
        }
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let mut length = body.len();
        let mut more = vec![0; 1 << 16];
        while let Ok(read @ 1..) = client.read(&mut more).await {
            length += read;
        }
        came.lock().unwrap().push(length);
        return;
    }
}
