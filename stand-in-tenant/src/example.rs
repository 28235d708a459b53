//! Names of what [`World::example`](crate::World::example) holds.

/// The qualified name of the connection.
pub const CONNECTION: &str = "default/snowflake/1700000000";
/// The qualified name of the query collection, of which `guest` is a viewer.
pub const COLLECTION: &str = "default/collection/jdoe/3d1c7a0e-5b0a-4c0e-9f44-0d0c1a5b7e22";
/// The API token's name.
pub const TOKEN: &str = "ci-pipeline";
/// The API token's GUID.
pub const TOKEN_GUID: &str = "5f1e0a52-8c0e-4c0e-9f44-0d0c1a5b7e11";
/// The API token's client ID.
pub const CLIENT_ID: &str = "apikey-ac69de56-6529-4c8f-b53c-791cb5346308";
/// The name by which the API token is a connection admin.
pub const USERNAME: &str = "service-account-apikey-ac69de56-6529-4c8f-b53c-791cb5346308";
/// Bearer token of `jdoe`, who is a connection admin.
pub const ADMIN_BEARER: &str = "stand-in-bearer-of-jdoe";
/// Bearer token of `guest`, who isn't.
pub const GUEST_BEARER: &str = "stand-in-bearer-of-guest";
/// GUID of `jdoe`.
pub const ADMIN_ID: &str = "0b2e3c1c-0000-4000-8000-00000000a001";
/// GUID of `guest`.
pub const GUEST_ID: &str = "0b2e3c1c-0000-4000-8000-00000000a002";
/// The workflow's client ID at Keycloak.
pub const WORKFLOW_CLIENT: &str = "stand-in-workflow-client";
/// Its secret.
pub const WORKFLOW_SECRET: &str = "stand-in-workflow-secret";
/// The client ID of an OAuth client, for [`World::add_oauth_client`](crate::World::add_oauth_client).
pub const OAUTH_CLIENT: &str = "oauth-client-0a1b2c3d-0000-4000-8000-0000000000e1";
/// The secret of every OAuth client, unless something else is said.
pub const OAUTH_SECRET: &str = "Wq8RzT5nLk2VbXyA7mHd";
/// GUID of the workflow's own service account at Keycloak, which may do anything.
pub const SERVICE_ACCOUNT_ID: &str = "0b2e3c1c-0000-4000-8000-00000000a009";
/// GUID of the role `$admin`: if a connection's admin roles have it, every Admin is a connection
/// admin. Those of the example don't.
pub const ADMIN_ROLE_ID: &str = "7a3b0c1d-0000-4000-8000-00000000c000";
