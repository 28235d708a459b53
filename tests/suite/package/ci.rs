//! The examples for unattended runs, in docs/ci.md and docs/kubernetes.md.

use std::collections::BTreeSet;

use api_token_connection_admin::{ErrorKind, inputs};
use serde_json::Value;

use super::file;

/// A page's blocks of code of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let page = file(page);
    let parts = page.split("\n```").filter_map(|part| part.strip_prefix(&format!("{language}\n")));
    parts.map(str::to_owned).collect()
}

/// The words in capitals with an underscore, but for GitHub's own and Docker's.
fn variables(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_variable =
        |word: &&str| word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let is_ours = |word: &&str| !["GITHUB_", "DOCKER_"].iter().any(|start| word.starts_with(start));
    words.filter(is_variable).filter(is_ours).collect()
}

#[test]
fn unattended_examples_give_inputs_that_there_are() {
    let known: BTreeSet<&str> = inputs::ALL.iter().map(|input| input.name).collect();
    let pages = [("docs/ci.md", "yaml"), ("docs/ci.md", "sh"), ("docs/kubernetes.md", "yaml")];
    let examples = pages.map(|(page, language)| blocks(page, language));
    assert_eq!(examples.each_ref().map(Vec::len), [2, 1, 2]);
    for example in examples.iter().flatten() {
        let unknown: Vec<_> = variables(example).into_iter().filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?} in {example}");
    }
}

#[test]
fn each_input_of_a_ci_job_reaches_its_container() {
    let [github, gitlab] = blocks("docs/ci.md", "yaml").try_into().unwrap();
    let [github, gitlab]: [Value; 2] = [github, gitlab].map(|text| serde_saphyr::from_str(&text).unwrap());
    let (github, gitlab) = (&github["jobs"]["connection-admin"], &gitlab["connection-admin"]);
    let scripts = [&github["steps"][0]["run"], &gitlab["script"][1]].map(|script| script.as_str().unwrap());
    for (given, script) in [&github["env"], &gitlab["variables"]].into_iter().zip(scripts) {
        let given =
            given.as_object().unwrap().keys().map(String::as_str).filter(|name| variables(name).len() == 1);
        // GitLab's own variables are in every job.
        let secrets = ["ATLAN_OAUTH_CLIENT_ID", "ATLAN_OAUTH_CLIENT_SECRET"];
        let passed = script.split("--env ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        let passed: BTreeSet<&str> = passed.collect();
        assert_eq!(passed, given.chain(secrets).collect());
    }
    let code = ErrorKind::Unavailable.exit_code();
    assert_eq!(gitlab["retry"]["exit_codes"], serde_json::json!([code]));
    assert!(scripts[0].contains(&format!("\"$code\" -ne {code}")));
}
