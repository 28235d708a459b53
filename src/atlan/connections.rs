//! The connection and its admins, at Atlas: one call to read them and one to write them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::explain::{Request, is_no_such_entity};
use super::lenient::{number, shown};
use super::patience::Patience;
use super::{CallError, Tenant};
use crate::config::{QualifiedName, Username};
use crate::error::Failure;
use crate::http::{Answer, Budget, Call, Fault, Service};
use crate::steps::{AdminList, AdminUsers, FreshList, Trouble, Written};

/// Where Atlas has a connection.
const PATH: &str = "entity/uniqueAttribute/type/Connection";

/// A connection or a change of its list is young for so long: rights reach all replicas within half
/// a minute or so (measured on the open metastore).
const YOUNG: Duration = Duration::from_secs(5 * 60);

/// A connection as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Its qualified name.
    pub(crate) qualified_name: QualifiedName,
    /// Its GUID.
    pub(crate) guid: Option<String>,
    /// The name that people see.
    pub(crate) name: Option<String>,
    /// The usernames of its admins, in the tenant's order.
    pub(crate) admin_users: AdminList,
    /// True if it was archived.
    pub(crate) is_archived: bool,
    /// Which state of it this is.
    pub(crate) version: Version,
    /// When the answer was there.
    pub(crate) read_at: Instant,
    /// When it was made, and changed, and what time it is, by the server's clock.
    times: Times,
}

/// Tells two states of one connection apart: `updateTime` differs after every change (seen on the
/// open metastore), and where two writers came in the same millisecond, the lists do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    updated_at_ms: Option<i64>,
    /// Of the names, whatever their order.
    hash: u64,
}

impl Version {
    /// The version of a list that was changed at this time.
    pub(crate) fn new(updated_at_ms: Option<i64>, list: &AdminList) -> Version {
        let hash = |name: &String| {
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            hasher.finish()
        };
        let hash = list.names().iter().map(hash).fold(0, u64::wrapping_add);
        Version { updated_at_ms, hash }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    made_ms: Option<i64>,
    updated_ms: Option<i64>,
    now: Option<SystemTime>,
}

impl Times {
    fn is_young(&self, time_ms: Option<i64>) -> bool {
        let time = time_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis);
        time.is_some_and(|time| is_young(SystemTime::UNIX_EPOCH + time, self.now))
    }
}

/// True if this is less than five minutes away from now, by the server's clock if that is known.
pub(super) fn is_young(time: SystemTime, server: Option<SystemTime>) -> bool {
    let now = server.unwrap_or_else(SystemTime::now);
    let distance = now.duration_since(time).unwrap_or_else(|ahead| ahead.duration());
    distance < YOUNG
}

impl Connection {
    /// True if it was made a moment ago.
    pub(crate) fn is_young(&self) -> bool {
        self.times.is_young(self.times.made_ms)
    }

    /// True if the right of this user may still be on its way.
    pub(super) fn right_is_young(&self, username: Option<&str>) -> bool {
        let is_on_it = username.is_some_and(|name| self.admin_users.has(name));
        self.is_young() || is_on_it && self.times.is_young(self.times.updated_ms)
    }
}

/// The answer to the read.
#[derive(Deserialize)]
struct EntityAnswer {
    entity: Entity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    type_name: Option<String>,
    #[serde(default, deserialize_with = "shown")]
    guid: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "number")]
    create_time: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    update_time: Option<i64>,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    qualified_name: String,
    #[serde(default, deserialize_with = "shown")]
    name: Option<String>,
    admin_users: Option<Vec<String>>,
    admin_groups: Option<Vec<String>>,
    admin_roles: Option<Vec<String>>,
}

impl Entity {
    /// The connection, if it is the one that was asked for.
    fn into_connection(
        self,
        asked_for: &QualifiedName,
        now: Option<SystemTime>,
    ) -> Result<Connection, &'static str> {
        let Attributes { qualified_name, name, admin_users, admin_groups, admin_roles } = self.attributes;
        if self.type_name.is_some_and(|name| name != "Connection") {
            return Err("it returns an asset that isn't a connection");
        }
        if qualified_name != asked_for.as_str() {
            return Err("it returns a connection of another qualified name");
        }
        let is_empty = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
        if [&admin_users, &admin_groups, &admin_roles].into_iter().all(is_empty) {
            // Atlas never lets this be (ATLAS-400-00-114), so the answer isn't whole.
            return Err("the connection it returns has no admins at all: no users, no groups, no roles");
        }
        let admin_users = AdminList::new(admin_users.unwrap_or_default());
        Ok(Connection {
            qualified_name: asked_for.clone(),
            guid: self.guid,
            name,
            version: Version::new(self.update_time, &admin_users),
            admin_users,
            is_archived: self.status.is_some_and(|status| status != "ACTIVE"),
            read_at: Instant::now(),
            times: Times { made_ms: self.create_time, updated_ms: self.update_time, now },
        })
    }
}

/// The body of the write, a partial update: what isn't in it stays as it is. An empty `adminGroups`
/// or `adminRoles` would empty them, so neither is here. Without the qualified name Atlas refuses
/// it, although the URL has it too.
#[derive(Serialize)]
struct Update<'a> {
    entity: UpdatedEntity<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedEntity<'a> {
    type_name: &'static str,
    attributes: UpdatedAttributes<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdatedAttributes<'a> {
    qualified_name: &'a str,
    admin_users: &'a [String],
}

/// Any object: what the answer to the write says of the change proves nothing.
type AnyObject = HashMap<String, IgnoredAny>;

/// A connection's admin users, in the tenant.
pub(crate) struct ConnectionAdmins<'a> {
    pub(crate) tenant: &'a mut Tenant,
    /// The name of the token that is to be added.
    pub(crate) username: &'a Username,
}

impl AdminUsers for ConnectionAdmins<'_> {
    async fn read(&mut self, budget: &Budget) -> Result<Connection, Failure> {
        self.tenant.connection(Request::ReadBack, budget).await
    }

    async fn write(&mut self, list: FreshList, budget: &Budget) -> Written {
        match self.tenant.replace_admin_users(list, budget).await {
            Ok(()) => Written::Accepted,
            Err(error) => self.tenant.judge_the_write(error, self.username, budget).await,
        }
    }
}

impl Tenant {
    /// The connection, archived or not, read from the graph itself.
    ///
    /// # Errors
    ///
    /// What is wrong with it, once there is nothing to wait for any more.
    pub(crate) async fn connection(
        &mut self,
        request: Request,
        budget: &Budget,
    ) -> Result<Connection, Failure> {
        let query = [
            ("attr:qualifiedName", self.connection.as_str()),
            ("minExtInfo", "true"),
            ("ignoreRelationships", "true"),
        ];
        let call = Call::get(Service::Atlas, &self.services.atlas, PATH, &query);
        let mut patience = Patience::new();
        loop {
            let read = self.ask(&call, budget).await.and_then(|answer| self.read_connection(&answer));
            match read {
                Ok(connection) => {
                    self.last_read = Some(connection.clone());
                    return Ok(connection);
                }
                Err(error) => {
                    let pause =
                        is_no_such_entity(&error).then(|| patience.while_missing("connection")).flatten();
                    let Some(pause) = pause else { return Err(self.explain(error, request)) };
                    if let Err(over) = budget.pause(pause).await {
                        return Err(self.explain(error.or_stopped(over), request));
                    }
                }
            }
        }
    }

    fn read_connection(&self, answer: &Answer) -> Result<Connection, CallError> {
        let entity = self.http.parse::<EntityAnswer>(answer)?.entity;
        entity.into_connection(&self.connection, answer.date).map_err(|what| answer.unfit(what))
    }

    /// Replaces the connection's whole list of admin users, once, without a second try.
    async fn replace_admin_users(&mut self, list: FreshList, budget: &Budget) -> Result<(), CallError> {
        let name = self.connection.as_str();
        let attributes = UpdatedAttributes { qualified_name: name, admin_users: list.names() };
        let update = Update { entity: UpdatedEntity { type_name: "Connection", attributes } };
        #[allow(clippy::expect_used, reason = "strings always serialise, and a Vec takes every byte")]
        let body = serde_json::to_vec(&update).expect("JSON of strings");
        let target = (Service::Atlas, &self.services.atlas);
        let query = [("attr:qualifiedName", name)];
        let call = Call::put(target, PATH, &query, body, list.not_after(), self.may_connect);
        let answer = self.http.send(&call, Some(self.session.bearer()), budget).await;
        // The next may open a connection, if this one was kept back for want of one.
        self.may_connect = matches!(&answer, Err(CallError { fault: Fault::KeptBack(_), .. }));
        self.http.parse::<AnyObject>(&answer?)?;
        Ok(())
    }

    /// What a failed write was, and when another may be made.
    async fn judge_the_write(&mut self, error: CallError, username: &Username, budget: &Budget) -> Written {
        let again = match self.again(&error, budget).await {
            Err(minting) => {
                return Written::NotCarriedOut(Trouble {
                    failure: self.explain(minting, Request::Write),
                    again: None,
                });
            }
            Ok(Some(pause)) => Some(pause),
            Ok(None) => match error.refusal().filter(|refusal| refusal.names_an_unknown_user()) {
                // Only those added are looked up. If it isn't ours, somebody without an account was
                // taken off the list between our read and our write, which puts them back.
                Some(refusal) if refusal.says("userName") && !refusal.says(username.as_str()) => {
                    Some(Duration::ZERO)
                }
                Some(_) => self.write_patience.while_the_user_is_unknown(),
                None => self.write_patience.after(&error),
            },
        };
        let may_have_been_carried_out = error.may_have_been_carried_out();
        let trouble = Trouble { failure: self.explain(error, Request::Write), again };
        if may_have_been_carried_out { Written::Doubtful(trouble) } else { Written::NotCarriedOut(trouble) }
    }
}

#[cfg(test)]
impl Connection {
    /// An old connection with this list, changed at this time.
    pub(crate) fn with_admins(names: &[String], updated_at_ms: i64) -> Connection {
        let admin_users = AdminList::new(names.to_vec());
        Connection {
            qualified_name: QualifiedName::parse("default/snowflake/1700000000").unwrap(),
            guid: None,
            name: None,
            version: Version::new(Some(updated_at_ms), &admin_users),
            admin_users,
            is_archived: false,
            read_at: Instant::now(),
            times: Times::default(),
        }
    }
}
