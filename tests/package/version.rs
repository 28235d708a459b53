//! One version and one name of the image, everywhere.

use crate::{file, json, yaml};

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
        let images: Vec<_> = text
            .lines()
            .filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("image: "))
            .collect();
        assert_eq!(images, [format!("{name}:{VERSION}")], "{path}");
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
