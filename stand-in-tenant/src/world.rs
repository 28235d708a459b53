//! What the tenant holds.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Names of what [`World::example`] holds.
pub mod example {
    /// The qualified name of the connection.
    pub const CONNECTION: &str = "default/snowflake/1700000000";
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
}

/// An API token.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// Its GUID.
    pub guid: String,
    /// Its client ID.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// More attributes of its record.
    pub attributes: Map<String, Value>,
}

/// A connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its GUID.
    pub guid: String,
    /// Its qualified name.
    pub qualified_name: String,
    /// Its name.
    pub name: String,
    /// False once it is archived.
    pub active: bool,
    /// Its admin users; `None` is `null` in JSON.
    pub admin_users: Option<Vec<String>>,
    /// Its admin groups.
    pub admin_groups: Vec<String>,
    /// Its admin roles.
    pub admin_roles: Vec<String>,
    /// How often it was written.
    pub writes: usize,
    /// A user who may not even read it.
    pub hidden_from: Option<String>,
}

impl Connection {
    /// Adds an admin user, as another person would.
    pub fn add(&mut self, username: &str) {
        self.admin_users.get_or_insert_default().push(username.to_owned());
    }

    /// Removes an admin user, as another person would.
    pub fn remove(&mut self, username: &str) {
        self.admin_users.get_or_insert_default().retain(|admin| admin != username);
    }

    /// The entity as Atlas returns it, with the many attributes that nobody asked for.
    pub fn entity(&self) -> Value {
        let mut attributes = json!({
            "name": self.name,
            "qualifiedName": self.qualified_name,
            "adminUsers": self.admin_users,
            "adminGroups": self.admin_groups,
            "adminRoles": self.admin_roles,
            "connectorName": "snowflake",
            "category": "warehouse",
            "allowQuery": true,
            "rowLimit": 10000,
        });
        for number in 0..100 {
            attributes[format!("otherAttribute{number}")] = Value::Null;
        }
        json!({
            "referredEntities": {},
            "entity": {
                "typeName": "Connection",
                "guid": self.guid,
                "status": if self.active { "ACTIVE" } else { "DELETED" },
                "createdBy": "jdoe",
                "updatedBy": "jdoe",
                "updateTime": 1_700_000_000_000_u64 + self.writes as u64,
                "attributes": attributes,
            }
        })
    }
}

/// Everything the tenant holds.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Usernames by bearer token.
    pub bearers: HashMap<String, String>,
    /// Usernames by GUID.
    pub users: HashMap<String, String>,
    /// The workflow's client ID and secret at Keycloak.
    pub client: (String, String),
    /// How many bearer tokens Keycloak gave out.
    pub minted: usize,
    /// The API tokens.
    pub tokens: Vec<ApiToken>,
    /// The connections.
    pub connections: Vec<Connection>,
}

impl World {
    /// One connection with two admins and a group, and one API token.
    pub fn example() -> World {
        let mut world = World {
            client: (example::WORKFLOW_CLIENT.to_owned(), example::WORKFLOW_SECRET.to_owned()),
            ..World::default()
        };
        for (bearer, guid, name) in [
            (example::ADMIN_BEARER, example::ADMIN_ID, "jdoe"),
            (example::GUEST_BEARER, example::GUEST_ID, "guest"),
            ("stand-in-bearer-of-asmith", "0b2e3c1c-0000-4000-8000-00000000a003", "asmith"),
        ] {
            world.bearers.insert(bearer.to_owned(), name.to_owned());
            world.users.insert(guid.to_owned(), name.to_owned());
        }
        world.add_token(example::TOKEN, example::TOKEN_GUID, example::CLIENT_ID);
        world.add_connection(example::CONNECTION, "production", &["jdoe", "asmith"]);
        world
    }

    /// Adds an API token.
    pub fn add_token(&mut self, name: &str, guid: &str, client_id: &str) -> &mut ApiToken {
        self.tokens.push(ApiToken {
            guid: guid.to_owned(),
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            attributes: Map::new(),
        });
        let last = self.tokens.len() - 1;
        &mut self.tokens[last]
    }

    /// Adds a connection.
    pub fn add_connection(&mut self, qualified_name: &str, name: &str, admin_users: &[&str]) {
        let guid = format!("c0ffee00-0000-4000-8000-{:012}", self.connections.len() + 1);
        self.connections.push(Connection {
            guid,
            qualified_name: qualified_name.to_owned(),
            name: name.to_owned(),
            active: true,
            admin_users: Some(admin_users.iter().map(|name| (*name).to_owned()).collect()),
            admin_groups: vec!["data-stewards".to_owned()],
            admin_roles: vec!["7a3b0c1d-0000-4000-8000-00000000c001".to_owned()],
            writes: 0,
            hidden_from: None,
        });
    }

    /// The connection of this qualified name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn connection(&mut self, qualified_name: &str) -> &mut Connection {
        let found =
            self.connections.iter_mut().find(|connection| connection.qualified_name == qualified_name);
        found.unwrap_or_else(|| panic!("the stand-in has no connection {qualified_name}"))
    }

    /// The first connection, which of the example is the only one.
    pub fn first(&mut self) -> &mut Connection {
        &mut self.connections[0]
    }

    /// From now on the bearer tokens that Keycloak gave out aren't accepted.
    pub fn expire_minted(&mut self) {
        self.bearers.retain(|bearer, _| !bearer.starts_with("minted-"));
    }

    /// True if the name is a user's or an API token's.
    pub(crate) fn knows_user(&self, name: &str) -> bool {
        self.users.values().any(|user| user == name)
            || name
                .strip_prefix("service-account-")
                .is_some_and(|client_id| self.tokens.iter().any(|token| token.client_id == client_id))
    }
}
