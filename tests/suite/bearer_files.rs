//! The file of a bearer token, which may hold a newer one by the time that the first isn't accepted
//! any more.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use stand_in_tenant::{Stage, StandIn, World};

use crate::support::{Job, example};

fn reading(tenant: &StandIn, file: &Path) -> Job {
    Job::against(tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", file)
}

#[test]
fn a_token_that_expires_in_mid_run_is_read_anew_from_its_file() {
    for stage in [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack] {
        let tenant = example();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bearer-token");
        let (first, second) = tenant.edit(|world| (world.sign_in("jdoe"), world.sign_in("jdoe")));
        std::fs::write(&file, &first).unwrap();
        let (path, newer) = (file.clone(), second.clone());
        tenant.before(stage, move |world| {
            world.bearers.remove(&first);
            std::fs::write(&path, format!("Bearer {newer}\n")).unwrap();
        });
        let ran = reading(&tenant, &file).secret(&second).run();
        ran.added();
        assert!(ran.stderr.contains("its file holds a new one"), "{ran:?}");
    }
}

#[test]
fn a_file_that_holds_no_newer_one_ends_the_run_at_once() {
    let newer: [fn(&mut World) -> String; 3] =
        [|_| String::new(), |_| "no such token".to_owned(), |world| world.sign_in("guest")];
    for write in newer {
        let tenant = example();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bearer-token");
        let first = tenant.edit(|world| world.sign_in("jdoe"));
        std::fs::write(&file, &first).unwrap();
        let path = file.clone();
        tenant.before(Stage::Read, move |world| {
            world.bearers.remove(&first);
            std::fs::write(&path, write(world)).unwrap();
        });
        let ran = reading(&tenant, &file).run();
        // Of somebody else, it is said whose it is.
        match ran.code {
            Some(8) => ran.says("the user \"guest\" may not read", ""),
            _ => ran.says("doesn't accept the bearer token of \"jdoe\"", "get a fresh bearer token"),
        }
        assert!(matches!(ran.code, Some(7 | 8)), "{ran:?}");
        assert!(tenant.count(Stage::Read) <= 2, "{ran:?}");
    }
}

#[test]
fn a_newer_token_is_checked_as_the_first_one_was() {
    let tenant = example();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bearer-token");
    let (first, second) = tenant.edit(|world| (world.sign_in("jdoe"), world.sign_in("jdoe")));
    std::fs::write(&file, &first).unwrap();
    let (path, newer) = (file.clone(), second.clone());
    tenant.before(Stage::Read, move |world| {
        world.bearers.remove(&first);
        let command = format!("curl https://beta.atlan.com/api/x -H 'authorization: Bearer {newer}'");
        std::fs::write(&path, command).unwrap();
    });
    let ran = reading(&tenant, &file).secret(&second).run();
    ran.failed(7, "unauthenticated", "retrieve-connection-admins");
    assert!(ran.stderr.contains("USER_BEARER_TOKEN_FILE was copied from a request to"), "{ran:?}");
    let sent = format!("Bearer {second}");
    assert!(tenant.requests().iter().all(|request| request.header("authorization") != Some(&sent)));
}

#[test]
fn a_pipe_that_gave_one_token_keeps_nobody_waiting_for_another() {
    let tenant = example();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let running = reading(&tenant, &pipe).start();
    std::fs::write(&pipe, "of-nobody-known").unwrap();
    let ran = running.wait();
    ran.failed(7, "unauthenticated", "retrieve-token");
    assert!(ran.elapsed < Duration::from_secs(30), "{ran:?}");
}
