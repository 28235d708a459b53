//! The examples for unattended runs, in docs/ci.md and docs/kubernetes.md.

use std::collections::BTreeSet;

use api_token_connection_admin::{ErrorKind, inputs};
use regex::Regex;
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
    let words = Regex::new(r"\b[A-Z]+_[A-Z_]+\b").unwrap();
    let is_ours = |word: &&str| !["GITHUB_", "DOCKER_"].iter().any(|start| word.starts_with(start));
    words.find_iter(text).map(|word| word.as_str()).filter(is_ours).collect()
}

#[test]
fn unattended_examples_give_inputs_that_there_are() {
    let known: BTreeSet<&str> = inputs::ALL.iter().map(|input| input.name).collect();
    for (page, language, count) in
        [("docs/ci.md", "yaml", 2), ("docs/ci.md", "sh", 1), ("docs/kubernetes.md", "yaml", 2)]
    {
        let examples = blocks(page, language);
        assert_eq!(examples.len(), count, "{page}");
        examples.iter().for_each(|example| assert!(variables(example).is_subset(&known), "{example}"));
    }
}

#[test]
fn each_input_of_a_ci_job_reaches_its_container() {
    let [github, gitlab]: [Value; 2] =
        [0, 1].map(|number| serde_saphyr::from_str(&blocks("docs/ci.md", "yaml")[number]).unwrap());
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
