# The stand-in tenant as an image, for deploy/check-job and deploy/check-workflow. It is built outside, and
# put into a folder of its own:
#
#   RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked -p stand-in-tenant --target x86_64-unknown-linux-gnu
#   install -D target/x86_64-unknown-linux-gnu/debug/stand-in-tenant target/stand-in/stand-in-tenant
#   docker build --file deploy/stand-in.Dockerfile --tag localhost/stand-in-tenant:check target/stand-in
FROM scratch
COPY stand-in-tenant /
USER 65532:65532
ENTRYPOINT ["/stand-in-tenant"]
