# The commands that people need, for https://just.systems. Each is one that can be typed as well.

version := `sed -n '/^\[package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml`

# Lists these.
default:
    @{{ just_executable() }} --list --unsorted

# The job on a stand-in tenant.
quickstart:
    cargo run --example quickstart

# The tests, or those whose names have these words.
test *words:
    cargo test --workspace -- {{ words }}

# All that must pass, but for the tests and what needs root on Debian.
check:
    .ci/check

# All that must pass. Installs what it needs: on Debian, as root.
gate:
    .ci/run

# Builds the image.
image:
    deploy/build-image --tag localhost/api-token-connection-admin:{{ version }}

# Measures, with hyperfine, beside curl.
bench *flags:
    cargo bench --bench whole_run -- {{ flags }}

# Counts instructions, with valgrind, beside curl's.
cost:
    cargo bench --bench whole_run -- --cost

# Twenty runs at once: are all API tokens on the list in the end?
contention:
    benches/contention

# Brings all that is derived from Cargo.toml up to date: after a change of the dependencies.
derived:
    cargo update --workspace
    .ci/licences
