//! The file of a bearer token, which may hold a newer one by the time that the first isn't accepted
//! any more.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use stand_in_tenant::{Stage, StandIn, World};
use tempfile::TempDir;

use crate::support::{Job, example};

fn reading(tenant: &StandIn, file: &Path) -> Job {
    Job::against(tenant).without("USER_BEARER_TOKEN").env("USER_BEARER_TOKEN_FILE", file)
}

/// With a token of jdoe that isn't accepted any more from this stage on, when its file holds `newer`.
fn with_newer<F>(tenant: &StandIn, stage: Stage, newer: F) -> (TempDir, Job)
where
    F: Fn(&mut World) -> String + Send + 'static,
{
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bearer-token");
    let first = tenant.edit(|world| world.sign_in("jdoe"));
    std::fs::write(&path, &first).unwrap();
    let job = reading(tenant, &path);
    tenant.before(stage, move |world| {
        world.bearers.remove(&first);
        std::fs::write(&path, newer(world)).unwrap();
    });
    (folder, job)
}

#[test]
fn a_token_that_expires_in_mid_run_is_read_anew_from_its_file() {
    for stage in [Stage::Token, Stage::Read, Stage::Write, Stage::ReadBack] {
        let tenant = example();
        let second = tenant.edit(|world| world.sign_in("jdoe"));
        let newer = format!("Bearer {second}\n");
        let (_folder, job) = with_newer(&tenant, stage, move |_| newer.clone());
        let ran = job.secret(&second).run();
        ran.added();
        assert!(ran.stderr.contains("its file holds a new one"), "{ran:?}");
    }
}

#[test]
fn a_file_that_holds_no_newer_one_ends_the_run_at_once() {
    let newer: [fn(&mut World) -> String; 3] =
        [|_| String::new(), |_| "no such token".to_owned(), |world| world.sign_in("guest")];
    for newer in newer {
        let tenant = example();
        let (_folder, job) = with_newer(&tenant, Stage::Read, newer);
        let ran = job.run();
        // Of somebody else, it is said whose it is.
        match ran.code {
            Some(8) => ran.says("the user \"guest\" may not read", ""),
            _ => ran.says("doesn't accept the bearer token of \"jdoe\"", "get a fresh bearer token"),
        }
        assert!(matches!(ran.code, Some(7 | 8)) && tenant.count(Stage::Read) <= 2, "{ran:?}");
    }
}

#[test]
fn a_newer_token_is_checked_as_the_first_one_was() {
    let tenant = example();
    let second = tenant.edit(|world| world.sign_in("jdoe"));
    let command = format!("curl https://beta.atlan.com/api/x -H 'authorization: Bearer {second}'");
    let (_folder, job) = with_newer(&tenant, Stage::Read, move |_| command.clone());
    let ran = job.secret(&second).run();
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
