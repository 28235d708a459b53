//! One version and one name of the image, everywhere; one version of Rust, too.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::{file, json};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn every_file_that_names_the_version_names_this_one() {
    for (path, before, after) in [
        ("package/configmaps/default.yaml", "app.kubernetes.io/version: \"", "\""),
        ("package/templates/default.yaml", "app.kubernetes.io/version: \"", "\""),
        ("Dockerfile", "org.opencontainers.image.version=\"", "\""),
        ("package/package.json", "\"version\": \"", "\""),
        ("CHANGELOG.md", "\n## ", " - "),
    ] {
        assert!(file(path).contains(&format!("{before}{VERSION}{after}")), "{path}");
    }
}

#[test]
fn every_file_that_names_the_image_names_that_of_this_version() {
    let image = json("package-config.json")["image"].as_str().unwrap().to_owned();
    for path in ["package/templates/default.yaml", "deploy/kubernetes/job.yaml"] {
        let text = file(path);
        let images: Vec<_> = text.lines().filter_map(|line| Some(line.split_once("image: ")?.1)).collect();
        assert!(
            !images.is_empty() && images.iter().all(|found| *found == format!("{image}:{VERSION}")),
            "{path}"
        );
    }
    assert!(file("deploy/kubernetes/kustomization.yaml").contains(&format!("- name: {image}\n")));
    for path in ["README.md", "docs/kubernetes.md", "Dockerfile"] {
        let text = file(path);
        let mut versions = text.split("/api-token-connection-admin:").skip(1).peekable();
        assert!(versions.peek().is_some() && versions.all(|rest| rest.starts_with(VERSION)), "{path}");
    }
}

#[test]
fn a_release_takes_dated_notes_from_the_changelog() {
    let directory = TempDir::new().unwrap();
    let changelog = directory.path().join("CHANGELOG.md");
    let text = "# Changelog\n\n## 1.1.0 - unreleased\n\n- New.\n\n## 1.0.1 - 2027-01-31\n\n- Mended.\n\n\
                ## 1.0.0 - 2027-01-01\n\n- First.\n";
    fs::write(&changelog, text).unwrap();
    for (version, notes) in
        [("1.0.1", Some("- Mended.")), ("1.0.0", Some("- First.")), ("1.1.0", None), ("1.2.0", None)]
    {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/release-notes");
        let output = Command::new(script).arg(version).arg(&changelog).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.success().then_some(said.trim()), notes, "{version}");
    }
}

#[test]
fn every_place_that_names_a_rust_toolchain_names_the_same() {
    let toolchain = file("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap();
    let image = format!("docker.io/library/rust:{}-", channel.trim_matches('"'));
    for path in ["Dockerfile", ".github/workflows/ci.yml"] {
        assert!(file(path).contains(&image), "{path}");
    }
}
