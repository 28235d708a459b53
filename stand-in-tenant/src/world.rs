//! What the tenant holds, and how it is set up.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Map;

use crate::asset::{Asset, Kind};
use crate::replicas::OldReads;
use crate::{ApiToken, Keycloak, Role, example};

/// 14 November 2023: what the example holds is old.
const LONG_AGO: i64 = 1_700_000_000_000;
const MONTH: i64 = 30 * 24 * 3600 * 1000;

/// Everything the tenant holds.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Usernames by bearer token.
    pub bearers: HashMap<String, String>,
    /// Usernames by GUID.
    pub users: HashMap<String, String>,
    /// The roles of users, by username; who isn't here is an Admin.
    pub roles: HashMap<String, Role>,
    /// The members of groups, by the group's name.
    pub groups: HashMap<String, Vec<String>>,
    /// Users who may not list API tokens and OAuth clients.
    pub may_not_list_tokens: HashSet<String>,
    /// The state of Keycloak.
    pub keycloak: Keycloak,
    /// The workflow's client ID and secret at Keycloak.
    pub client: (String, String),
    /// How many bearer tokens of users and OAuth clients were given out.
    pub minted: usize,
    /// The API tokens.
    pub tokens: Vec<ApiToken>,
    /// The secrets of OAuth clients, by client ID.
    pub oauth_clients: HashMap<String, String>,
    /// The connections and the query collections.
    pub assets: Vec<Asset>,
    /// The lists of an asset have an order of the storage's own, as with JanusGraph, instead of
    /// the order in which they were sent.
    pub own_order: bool,
    /// How many seconds the tenant's clock is fast; negative if it is slow.
    pub clock_offset: i64,
    /// How many requests came to Atlas, whose replicas take turns.
    pub(crate) turn: usize,
    /// How many reads of assets there were since a replica began to lag.
    pub(crate) reads: usize,
    /// The replica that lags behind, if one does.
    pub(crate) old_reads: Option<OldReads>,
    /// By username, when each replica learns of the user's rights.
    pub(crate) young_rights: HashMap<String, Vec<Instant>>,
    /// By bearer token, from when on the tenant knows it.
    pub(crate) young_bearers: HashMap<String, Instant>,
    /// Every bearer token that Keycloak and Heracles gave out, the workflow's own ones among them.
    pub given_out: Vec<String>,
    /// How many JWTs were made, so that no two are equal.
    pub(crate) issued: usize,
    /// How many assets were made, so that no two have one GUID.
    assets_made: usize,
    /// The assets as they were when [`World::settle`] last looked at them.
    pub(crate) recorded: Vec<Asset>,
}

impl World {
    /// One old connection with two admins and a group, one old query collection with two editors and
    /// a viewer, and one API token.
    pub fn example() -> World {
        let mut world = World::default();
        world.set_client(example::WORKFLOW_CLIENT, example::WORKFLOW_SECRET);
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
        let collection = world.add(Kind::Collection, example::COLLECTION, "finance", &["jdoe", "asmith"]);
        collection.viewer_users.push("guest".to_owned());
        world
    }

    /// Adds an API token, made a month ago, which lasts as long as Atlan's never-expiring ones.
    pub fn add_token(&mut self, name: &str, guid: &str, client_id: &str) {
        let created_at = self.now() - MONTH + self.tokens.len() as i64;
        let attributes =
            [("createdAt", created_at.to_string()), ("access.token.lifespan", "157680000".to_owned())];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.into()));
        let [guid, client_id, name] = [guid, client_id, name].map(str::to_owned);
        self.tokens.push(ApiToken { guid, client_id, name, attributes: Map::from_iter(attributes) });
    }

    /// Adds an OAuth client, whose secret is [`example::OAUTH_SECRET`].
    pub fn add_oauth_client(&mut self, client_id: &str) {
        self.oauth_clients.insert(client_id.to_owned(), example::OAUTH_SECRET.to_owned());
    }

    /// Adds a connection, made by `jdoe` long ago.
    pub fn add_connection(&mut self, qualified_name: &str, name: &str, admin_users: &[&str]) {
        let made = self.add(Kind::Connection, qualified_name, name, admin_users);
        made.admin_groups.push("data-stewards".to_owned());
        made.admin_roles.push("7a3b0c1d-0000-4000-8000-00000000c001".to_owned());
    }

    fn add(&mut self, kind: Kind, qualified_name: &str, name: &str, admin_users: &[&str]) -> &mut Asset {
        self.assets_made += 1;
        let made = Asset {
            kind,
            guid: format!("c0ffee00-0000-4000-8000-{:012}", self.assets_made),
            qualified_name: qualified_name.to_owned(),
            name: name.to_owned(),
            active: true,
            admin_users: Some(admin_users.iter().map(|name| (*name).to_owned()).collect()),
            created_by: "jdoe".to_owned(),
            create_time: LONG_AGO,
            update_time: LONG_AGO,
            ..Asset::default()
        };
        self.assets.push(made);
        let last = self.assets.len() - 1;
        &mut self.assets[last]
    }

    /// Adds a connection that `creator` made just now, whose qualified name says so, too. Returns
    /// the qualified name.
    pub fn add_young_connection(&mut self, name: &str, creator: &str) -> String {
        let now = self.now();
        let qualified_name = format!("default/snowflake/{}", now / 1000);
        let made = self.add(Kind::Connection, &qualified_name, name, &[creator]);
        creator.clone_into(&mut made.created_by);
        (made.create_time, made.update_time) = (now, now);
        qualified_name
    }

    /// The connection or the query collection of this qualified name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn asset(&mut self, qualified_name: &str) -> &mut Asset {
        let found = self.assets.iter_mut().find(|asset| asset.qualified_name == qualified_name);
        found.unwrap_or_else(|| panic!("the stand-in has no asset {qualified_name}"))
    }

    /// The first connection, which of the example is the only one.
    pub fn first(&mut self) -> &mut Asset {
        &mut self.assets[0]
    }

    /// Milliseconds since 1970 by the tenant's clock.
    pub fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as i64 + self.clock_offset * 1000
    }

    /// The value of an answer's `Date`.
    pub(crate) fn date(&self) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(self.now().unsigned_abs()))
    }
}
