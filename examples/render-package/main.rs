//! Writes `package/`, which argopm installs, from `package-config.json`:
//! `cargo run --example render-package`.

mod render;

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("package");
    for (path, text) in render::files()? {
        let path = package.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&package))?;
        fs::write(path, text)?;
    }
    Ok(())
}
