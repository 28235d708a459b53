# The job as an image that holds one static program, the CA certificates and the licences.
#
#   docker build --tag localhost/api-token-connection-admin:0.1.0 .
#
# deploy/build-image does the same, and says besides which commit it is.

# The base is named here alone, by its full version: a digest would be better still, but none could be
# checked against its source when this was written. Dependabot watches this line, which therefore has no
# variable in it. A mirror goes in its place by `podman build --from`, or docker's --build-context.
# Alpine's, for musl, which gets linked in: it is made for that. (A static program with glibc loads the
# machine's own modules for names, and dies where they are another glibc's.) It resolves names as
# Kubernetes needs it (search domains, ndots, CNAME chains, long answers): deploy/check-image has the test.
FROM docker.io/library/rust:1.95.0-alpine3.23 AS build

# Nothing is cross-compiled: for amd64 and arm64 alike, this stage runs on the platform it builds
# for, and `host-tuple` is that platform. deploy/build-image --stand-in has another C library around it.
ARG TARGET=host-tuple
# cargo-auditable lists the crates inside the program, where scanners (Trivy, Grype, Syft) find them.
RUN cargo install --locked cargo-auditable@0.7.7

WORKDIR /build
# No path of this stage in the program.
ENV RUSTFLAGS="--remap-path-prefix=/build=. --remap-path-prefix=${CARGO_HOME}/registry/src=crates"
# The dependencies first, around an empty program: this layer lasts until they change. The
# workspace's other member isn't built, but Cargo wants to see it.
COPY Cargo.toml Cargo.lock ./
COPY stand-in-tenant/Cargo.toml stand-in-tenant/
RUN mkdir src stand-in-tenant/src && echo 'fn main() {}' > src/main.rs && touch src/lib.rs stand-in-tenant/src/lib.rs \
    && cargo auditable build --package api-token-connection-admin --release --locked --target "$TARGET"
COPY src src
# touch: to Cargo, files older than its last build are files that haven't changed.
RUN touch src/main.rs src/lib.rs && cargo auditable build --package api-token-connection-admin --release --locked --target "$TARGET"

# All that the image holds, as old as the commit, so that the same commit makes the same bytes.
COPY LICENSE THIRD-PARTY-LICENSES.txt /out/licenses/
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /out/etc/ssl/certs \
    && cp target/*/release/api-token-connection-admin /out/ \
    && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
    && find /out -exec touch -d "@${SOURCE_DATE_EPOCH}" {} +

FROM scratch
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="api-token-connection-admin" \
      org.opencontainers.image.description="Makes an Atlan API token a connection admin" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0 AND MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /out /
# A number, not a name: Kubernetes can tell that it isn't root, and no /etc/passwd is needed.
USER 65532:65532
ENTRYPOINT ["/api-token-connection-admin"]
