//! What the tenant holds, and how it is set up.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Map;

use crate::asset::{Asset, Kind};
use crate::people::Validity;
use crate::replicas::OldReads;
use crate::{ApiToken, Keycloak, OAuthClient, Role, example};

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
    /// How many bearer tokens of users Keycloak gave out.
    pub minted: usize,
    /// The API tokens.
    pub tokens: Vec<ApiToken>,
    /// The OAuth clients.
    pub oauth_clients: Vec<OAuthClient>,
    /// The connections.
    pub connections: Vec<Asset>,
    /// The lists of an asset have an order of the storage's own, as with JanusGraph, instead of
    /// the order in which they were sent.
    pub own_order: bool,
    /// How many seconds the tenant's clock is fast; negative if it is slow.
    pub clock_offset: i64,
    /// Answers bear no `Date`.
    pub hides_date: bool,
    /// How many requests came to Atlas, whose replicas take turns.
    pub(crate) turn: usize,
    /// How many reads of assets there were.
    pub(crate) reads: usize,
    /// The replica that lags behind, if one does.
    pub(crate) old_reads: Option<OldReads>,
    /// By username, when each replica learns of the user's rights.
    pub(crate) young_rights: HashMap<String, Vec<Instant>>,
    /// By username, when an account can be found.
    pub(crate) young_accounts: HashMap<String, Instant>,
    /// By bearer token, for those that don't last for ever.
    pub(crate) validity: HashMap<String, Validity>,
    /// The bearer tokens that Keycloak gave out.
    pub(crate) given_out: Vec<String>,
    /// How many JWTs were made, so that no two are equal.
    pub(crate) issued: usize,
    /// How many assets were made, so that no two have one GUID.
    assets_made: usize,
    /// The assets as they were when somebody last looked for changes.
    recorded: Vec<Asset>,
}

impl World {
    /// One old connection with two admins and a group, and one API token.
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
        world
    }

    /// Adds an API token, made a month ago, which lasts as long as Atlan's never-expiring ones.
    pub fn add_token(&mut self, name: &str, guid: &str, client_id: &str) -> &mut ApiToken {
        let created_at = self.now() - MONTH + self.tokens.len() as i64;
        let mut attributes = Map::new();
        attributes.insert("createdAt".to_owned(), created_at.to_string().into());
        attributes.insert("access.token.lifespan".to_owned(), "157680000".into());
        self.tokens.push(ApiToken {
            guid: guid.to_owned(),
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            attributes,
        });
        let last = self.tokens.len() - 1;
        &mut self.tokens[last]
    }

    /// Adds an OAuth client.
    pub fn add_oauth_client(&mut self, name: &str, guid: &str, client_id: &str) {
        self.oauth_clients.push(OAuthClient {
            guid: guid.to_owned(),
            client_id: client_id.to_owned(),
            name: name.to_owned(),
            created_at: self.now() - MONTH,
        });
    }

    /// Adds a connection, made by `jdoe` long ago.
    pub fn add_connection(&mut self, qualified_name: &str, name: &str, admin_users: &[&str]) {
        self.assets_made += 1;
        self.connections.push(Asset {
            kind: Kind::Connection,
            guid: format!("c0ffee00-0000-4000-8000-{:012}", self.assets_made),
            qualified_name: qualified_name.to_owned(),
            name: name.to_owned(),
            active: true,
            admin_users: Some(admin_users.iter().map(|name| (*name).to_owned()).collect()),
            admin_groups: vec!["data-stewards".to_owned()],
            admin_roles: vec!["7a3b0c1d-0000-4000-8000-00000000c001".to_owned()],
            viewer_users: Vec::new(),
            viewer_groups: Vec::new(),
            created_by: "jdoe".to_owned(),
            updated_by: "jdoe".to_owned(),
            create_time: LONG_AGO,
            update_time: LONG_AGO,
            writes: 0,
            hidden_from: None,
            role_missing: false,
        });
    }

    /// Adds a connection that `creator` made just now, whose qualified name says so, too. Returns
    /// the qualified name.
    pub fn add_young_connection(&mut self, name: &str, creator: &str) -> String {
        let qualified_name = format!("default/snowflake/{}", self.now() / 1000);
        self.add_young(&qualified_name, name, creator);
        qualified_name
    }

    /// The same with a qualified name that says what it likes.
    pub(crate) fn add_young(&mut self, qualified_name: &str, name: &str, creator: &str) -> &mut Asset {
        let now = self.now();
        self.add_connection(qualified_name, name, &[creator]);
        let last = self.connections.len() - 1;
        let made = &mut self.connections[last];
        creator.clone_into(&mut made.created_by);
        creator.clone_into(&mut made.updated_by);
        (made.create_time, made.update_time) = (now, now);
        made
    }

    /// Makes a connection look as if it was made, and last changed, so long ago.
    ///
    /// # Panics
    ///
    /// If there is no such connection.
    pub fn set_age(&mut self, qualified_name: &str, age: Duration) {
        let then = self.now() - age.as_millis() as i64;
        let connection = self.connection(qualified_name);
        (connection.create_time, connection.update_time) = (then, then);
    }

    /// The connection of this qualified name.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn connection(&mut self, qualified_name: &str) -> &mut Asset {
        let found =
            self.connections.iter_mut().find(|connection| connection.qualified_name == qualified_name);
        found.unwrap_or_else(|| panic!("the stand-in has no connection {qualified_name}"))
    }

    /// The first connection, which of the example is the only one.
    pub fn first(&mut self) -> &mut Asset {
        &mut self.connections[0]
    }

    /// Milliseconds since 1970 by the tenant's clock.
    pub(crate) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_millis() as i64 + self.clock_offset * 1000
    }

    /// The value of an answer's `Date`.
    pub(crate) fn date(&self) -> Option<String> {
        let now = Duration::from_millis(self.now().unsigned_abs());
        (!self.hides_date).then(|| httpdate::fmt_http_date(UNIX_EPOCH + now))
    }

    /// After anything may have changed an asset: sees to it that its `updateTime` differs, and that
    /// its lists are in the storage's order.
    pub(crate) fn settle(&mut self) {
        let now = self.now();
        let mut changed = self.connections.len() != self.recorded.len();
        for asset in &mut self.connections {
            let before = self.recorded.iter().find(|recorded| recorded.guid == asset.guid);
            if before.is_some_and(|before| asset.has_the_content_of(before)) {
                changed |= before.is_some_and(|before| before.update_time != asset.update_time);
                continue;
            }
            changed = true;
            if self.own_order {
                for list in asset.kind.lists() {
                    asset.list_mut(list).sort_by_key(|name| hash(name));
                }
            }
            if let Some(before) = before.filter(|before| before.update_time == asset.update_time) {
                asset.update_time = now.max(before.update_time + 1);
            }
        }
        if changed {
            self.recorded = self.connections.clone();
            self.remember();
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_update_time_grows_with_every_change_and_with_nothing_else() {
        let mut world = World::example();
        world.settle();
        let mut last = world.first().update_time;
        assert_eq!(last, LONG_AGO);
        let changes: [fn(&mut Asset); 5] = [
            |asset| asset.add("somebody"),
            |asset| asset.remove("somebody"),
            |asset| asset.admin_groups.clear(),
            |asset| asset.name.push('!'),
            |asset| asset.active = false,
        ];
        for change in changes {
            change(world.first());
            world.settle();
            assert!(world.first().update_time > last);
            last = world.first().update_time;
            world.first().hidden_from = Some("guest".to_owned());
            world.settle();
            assert_eq!(world.first().update_time, last);
        }
    }
}
