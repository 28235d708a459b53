//! One version and one name of the image, everywhere; one version of Rust, too.

use std::fs;
use std::process::Command;

use tempfile::NamedTempFile;

use super::{file, json};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn every_file_that_names_a_version_names_the_same() {
    let image = json("package-config.json")["image"].as_str().unwrap().to_owned();
    let toolchain = file("rust-toolchain.toml");
    let rust = toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    let rust_image = format!("docker.io/library/rust:{rust}-");
    for (path, text) in [
        ("package/configmaps/default.yaml", format!("app.kubernetes.io/version: \"{VERSION}\"")),
        ("package/templates/default.yaml", format!("app.kubernetes.io/version: \"{VERSION}\"")),
        ("package/templates/default.yaml", format!("image: {image}:{VERSION}\n")),
        ("package/package.json", format!("\"version\": \"{VERSION}\"")),
        ("deploy/kubernetes/job.yaml", format!("image: {image}:{VERSION}\n")),
        ("deploy/kubernetes/kustomization.yaml", format!("- name: {image}\n")),
        ("CHANGELOG.md", format!("\n## {VERSION} - ")),
        ("Dockerfile", format!("org.opencontainers.image.version=\"{VERSION}\"")),
        ("Dockerfile", rust_image.clone()),
        (".github/workflows/ci.yml", rust_image),
    ] {
        assert!(file(path).contains(&text), "{path} lacks {text}");
    }
    for path in [
        "README.md",
        "Dockerfile",
        "docs/ci.md",
        "docs/kubernetes.md",
        "package/templates/default.yaml",
        "deploy/kubernetes/job.yaml",
    ] {
        let text = file(path);
        let mut versions = text.split("/api-token-connection-admin:").skip(1).peekable();
        assert!(versions.peek().is_some() && versions.all(|rest| rest.starts_with(VERSION)), "{path}");
    }
}

#[test]
fn a_release_takes_dated_notes_from_the_changelog() {
    let changelog = NamedTempFile::new().unwrap();
    let text =
        "## 1.1.0 - unreleased\n\n- New.\n\n## 1.0.1 - 2027-01-31\n\n- Mended.\n\n## 1.0.0 - 2027-01-01\n";
    fs::write(&changelog, text).unwrap();
    for (version, notes) in [("1.0.1", Some("- Mended.")), ("1.1.0", None), ("1.2.0", None)] {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/release-notes");
        let output = Command::new(script).arg(version).arg(changelog.path()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.success().then_some(said.trim()), notes, "{version}");
    }
}
