//! One version and one name of the image, everywhere; one version of Rust, too.

use std::collections::BTreeSet;
use std::process::Command;

use tempfile::TempDir;

use super::{file, json, yaml};

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn the_installed_resources_tell_their_version() {
    for path in ["package/configmaps/default.yaml", "package/templates/default.yaml"] {
        assert_eq!(yaml(path)["metadata"]["labels"]["app.kubernetes.io/version"], VERSION, "{path}");
    }
}

#[test]
fn package_and_job_run_the_image_of_this_version_by_one_name() {
    let name = json("package-config.json")["image"].as_str().unwrap().to_owned();
    for path in ["package/templates/default.yaml", "deploy/kubernetes/job.yaml"] {
        let text = file(path);
        let images: BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("image: "))
            .collect();
        assert_eq!(images, BTreeSet::from([format!("{name}:{VERSION}").as_str()]), "{path}");
    }
}

/// The Kotlin package's image, which another program must not be taken for.
#[test]
fn nothing_names_the_image_of_the_kotlin_package() {
    for path in ["README.md", "Dockerfile", "package-config.json", "deploy/kubernetes/kustomization.yaml"] {
        assert!(!file(path).contains("ghcr.io/atlanhq/"), "{path}");
    }
}

#[test]
fn the_readme_speaks_of_this_version() {
    let readme = file("README.md");
    let mut versions = readme
        .split("/api-token-connection-admin:")
        .skip(1)
        .map(|rest| rest.split_whitespace().next().unwrap_or_default().trim_matches(['`', '.', ',', ')']))
        .peekable();
    assert!(versions.peek().is_some());
    for version in versions {
        assert_eq!(version, VERSION);
    }
}

#[test]
fn the_image_tells_its_version() {
    let label = format!("org.opencontainers.image.version=\"{VERSION}\"");
    assert!(file("Dockerfile").contains(&label), "{label}");
}

#[test]
fn the_changelog_has_a_section_of_this_version() {
    assert!(file("CHANGELOG.md").contains(&format!("\n## {VERSION} - ")));
}

#[test]
fn a_release_takes_its_notes_from_the_changelog_and_wants_them_dated() {
    let directory = TempDir::new().unwrap();
    let changelog = directory.path().join("CHANGELOG.md");
    let text = "# Changelog\n\n## 1.1.0 - unreleased\n\n- New.\n\n## 1.0.1 - 2027-01-31\n\n- Mended.\n\n\
                ## 1.0.0 - 2027-01-01\n\n- First.\n";
    std::fs::write(&changelog, text).unwrap();
    let notes = |version: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/release-notes");
        let output = Command::new(script).arg(version).arg(&changelog).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    assert_eq!(notes("1.0.1").as_deref(), Some("- Mended."));
    assert_eq!(notes("1.0.0").as_deref(), Some("- First."));
    assert_eq!(notes("1.1.0"), None, "unreleased");
    assert_eq!(notes("1.2.0"), None, "missing");
}

#[test]
fn every_place_that_names_a_rust_toolchain_names_the_same() {
    let toolchain = file("rust-toolchain.toml");
    let channel =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    assert!(file("Dockerfile").contains(&format!("FROM docker.io/library/rust:{channel}-slim-")));
    assert!(file(".github/workflows/ci.yml").contains(&format!("image: docker.io/library/rust:{channel}-")));
}
