# The job as an image that holds one static program and the CA certificates, and nothing else.
#
#   docker build --tag api-token-connection-admin .
#
# The base image is an argument, so that a mirror can be named. It is Debian's, not Alpine's,
# because the C library gets linked in, and glibc is the one that resolves names as Kubernetes
# needs it (search domains, ndots, CNAME chains): deploy/check-image has the test.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm

# Nothing is cross-compiled: for amd64 and arm64 alike, this stage runs on the platform it builds
# for, and `host-tuple` is that platform.
FROM ${RUST_IMAGE} AS build
# Lists the crates inside the program, where scanners (Trivy, Grype, Syft) find them.
ARG CARGO_AUDITABLE_VERSION=0.7.7
RUN cargo install --locked "cargo-auditable@${CARGO_AUDITABLE_VERSION}"

WORKDIR /build
# A static program: the last stage has no loader and no libraries. Together with --target, since
# these flags would otherwise meet the procedural macros too, which can't be static.
ENV RUSTFLAGS="-C target-feature=+crt-static"
# The dependencies first, around an empty program: this layer lasts until they change. The
# workspace's other member isn't built, but Cargo wants to see it.
COPY Cargo.toml Cargo.lock ./
COPY stand-in-tenant stand-in-tenant
RUN mkdir src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && cargo auditable build --release --locked --target host-tuple
COPY src src
# touch: to Cargo, files older than its last build are files that haven't changed.
RUN touch src/main.rs src/lib.rs \
    && cargo auditable build --release --locked --target host-tuple \
    && cp target/*/release/api-token-connection-admin /

FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="api-token-connection-admin" \
      org.opencontainers.image.description="Makes an Atlan API token a connection admin" \
      org.opencontainers.image.source="https://github.com/atlanhq/csa-api-token-connection-admin" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /api-token-connection-admin /
# A number, not a name: Kubernetes can tell that it isn't root, and no /etc/passwd is needed.
USER 65532:65532
ENTRYPOINT ["/api-token-connection-admin"]
