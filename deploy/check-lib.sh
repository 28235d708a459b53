# shellcheck shell=bash
# What deploy/check-job and deploy/check-workflow share. Their `kubectl` knows context and namespace.

fail() {
    echo "not so: $*" >&2
    exit 1
}

# Succeeds if the report has this field with this value.
has() { [[ $1 =~ \"$2\":\"?$3\"?[,}] ]]; }

# Waits until a command succeeds: eventually WHAT COMMAND....
eventually() {
    local what=$1
    shift
    for _ in {1..120}; do
        if "$@"; then return; fi
        sleep 1
    done
    fail "$what"
}

tenant_comes() {
    kubectl scale deployment stand-in-tenant --replicas=1 >/dev/null
    kubectl rollout status deployment stand-in-tenant --timeout=2m >/dev/null ||
        fail "the stand-in tenant runs: is its image in the cluster? See deploy/stand-in.Dockerfile"
}

tenant_goes() {
    kubectl scale deployment stand-in-tenant --replicas=0 >/dev/null
    kubectl wait --for=delete pod --selector app.kubernetes.io/name=stand-in-tenant --timeout=2m >/dev/null
}

# The API tokens as the stand-in makes them: `guid_of 1`, `user_of 1`.
guid_of() { printf '5f1e0a52-8c0e-4c0e-9f44-%012d' "$1"; }
user_of() { printf 'service-account-apikey-ac69de56-6529-4c8f-b53c-%012d' "$1"; }
