//! A connection or a query collection, as the graph has it.

use serde_json::{Value, json};

/// What an [`Asset`] is: named as its type in Atlas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A connection.
    #[default]
    Connection,
    /// A query collection.
    Collection,
}

impl Kind {
    /// The kind of that name.
    pub(crate) fn of(type_name: &str) -> Option<Kind> {
        [Kind::Connection, Kind::Collection].into_iter().find(|kind| format!("{kind:?}") == type_name)
    }

    /// The attributes that say who may do what.
    pub(crate) fn lists(self) -> &'static [&'static str] {
        match self {
            Kind::Connection => &["adminUsers", "adminGroups", "adminRoles"],
            Kind::Collection => &["adminUsers", "adminGroups", "viewerUsers"],
        }
    }
}

/// A connection or a query collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asset {
    /// Which of the two.
    pub kind: Kind,
    /// Its GUID.
    pub guid: String,
    /// Its qualified name.
    pub qualified_name: String,
    /// Its name.
    pub name: String,
    /// False once it is archived.
    pub active: bool,
    /// Its admin users, who are a collection's editors; `None` is `null` in JSON.
    pub admin_users: Option<Vec<String>>,
    /// Its admin groups.
    pub admin_groups: Vec<String>,
    /// Its admin roles, by GUID. Of a connection only.
    pub admin_roles: Vec<String>,
    /// Its viewers. Of a collection only.
    pub viewer_users: Vec<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made, in milliseconds since 1970 by the tenant's clock.
    pub create_time: i64,
    /// When it was changed last, likewise. Differs after every change, whoever makes it, without
    /// anybody setting it.
    pub update_time: i64,
    /// How many writes of it were accepted, those that changed nothing among them.
    pub writes: usize,
    /// Its role at Keycloak is gone, so that its lists can't be changed.
    pub role_missing: bool,
}

impl Asset {
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
        let mut attributes = json!({ "connectorName": "snowflake", "allowQuery": true, "rowLimit": 10000,
            "name": self.name, "qualifiedName": self.qualified_name, "adminUsers": self.admin_users });
        for list in &self.kind.lists()[1..] {
            attributes[list] = self.list(list).into();
        }
        for number in 0..100 {
            attributes[format!("otherAttribute{number}")] = Value::Null;
        }
        let mut entity = self.header();
        entity["attributes"] = attributes;
        entity["createdBy"] = self.created_by.clone().into();
        entity["createTime"] = self.create_time.into();
        entity["updateTime"] = self.update_time.into();
        json!({ "referredEntities": {}, "entity": entity })
    }

    /// The few fields by which the answer to a write names it.
    pub(crate) fn header(&self) -> Value {
        let status = if self.active { "ACTIVE" } else { "DELETED" };
        json!({ "typeName": format!("{:?}", self.kind), "guid": self.guid, "status": status,
            "attributes": { "qualifiedName": self.qualified_name } })
    }

    /// One of [`Kind::lists`].
    pub(crate) fn list(&self, name: &str) -> &[String] {
        match name {
            "adminUsers" => self.admin_users.as_deref().unwrap_or_default(),
            "adminGroups" => &self.admin_groups,
            "adminRoles" => &self.admin_roles,
            _ => &self.viewer_users,
        }
    }

    /// The same to write.
    pub(crate) fn list_mut(&mut self, name: &str) -> &mut Vec<String> {
        match name {
            "adminUsers" => self.admin_users.get_or_insert_default(),
            "adminGroups" => &mut self.admin_groups,
            "adminRoles" => &mut self.admin_roles,
            _ => &mut self.viewer_users,
        }
    }

    /// True if `other` has the same content, whenever it was written.
    pub(crate) fn has_the_content_of(&self, other: &Asset) -> bool {
        let (update_time, writes) = (other.update_time, other.writes);
        Asset { update_time, writes, ..self.clone() } == *other
    }
}
