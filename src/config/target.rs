//! What the token gets a right to, and which right.

use serde::Serialize;

use super::checks::Checks;
use super::inputs::{self, Input};
use super::{QualifiedName, connection};
use crate::error::ErrorKind;

/// An asset, and the right to it that the token gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which right, and with it which kind of asset.
    pub role: Role,
    /// Which asset of that kind.
    pub qualified_name: QualifiedName,
}

impl Target {
    /// What kind of asset it is.
    pub fn kind(&self) -> Kind {
        self.role.kind()
    }
}

/// The kinds of assets with lists of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connection, whose list is that of its admins.
    Connection,
    /// A query collection, which has editors and viewers.
    Collection,
}

/// What the token becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An admin of a connection.
    ConnectionAdmin,
    /// An editor of a query collection.
    Editor,
    /// A viewer of a query collection.
    Viewer,
}

impl Kind {
    /// Its name in Atlas.
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::Connection => "Connection",
            Kind::Collection => "Collection",
        }
    }

    /// Its name in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Connection => "connection",
            Kind::Collection => "collection",
        }
    }

    /// The failure of a run that doesn't find it.
    pub fn not_found(self) -> ErrorKind {
        match self {
            Kind::Connection => ErrorKind::ConnectionNotFound,
            Kind::Collection => ErrorKind::CollectionNotFound,
        }
    }

    /// Those who may change its lists, in a sentence.
    pub fn keepers(self) -> &'static str {
        match self {
            Kind::Connection => "connection admins",
            Kind::Collection => "editors",
        }
    }

    /// Whoever may change its lists, in a sentence.
    pub fn keeper(self) -> &'static str {
        match self {
            Kind::Connection => "a connection admin",
            Kind::Collection => "an editor",
        }
    }
}

impl Role {
    /// The kind of asset that has it.
    pub fn kind(self) -> Kind {
        match self {
            Role::ConnectionAdmin => Kind::Connection,
            Role::Editor | Role::Viewer => Kind::Collection,
        }
    }

    /// The attribute of the asset that lists who has it.
    pub fn list(self) -> &'static str {
        match self {
            Role::ConnectionAdmin | Role::Editor => "adminUsers",
            Role::Viewer => "viewerUsers",
        }
    }

    /// Those on the list, in a sentence.
    pub fn users(self) -> &'static str {
        match self {
            Role::ConnectionAdmin => "admin users",
            Role::Editor => "editors",
            Role::Viewer => "viewers",
        }
    }

    /// The list, as people call it.
    pub fn members(self) -> &'static str {
        match self {
            Role::ConnectionAdmin => "admins",
            Role::Editor => "editors",
            Role::Viewer => "viewers",
        }
    }

    /// Whoever has it, in a sentence.
    pub fn holder(self) -> &'static str {
        match self {
            Role::ConnectionAdmin => "a connection admin",
            Role::Editor => "an editor",
            Role::Viewer => "a viewer",
        }
    }
}

/// The inputs that can name it.
const FORMS: [Input; 2] = [inputs::CONNECTION_QUALIFIED_NAME, inputs::COLLECTION_QUALIFIED_NAME];

/// The target that the inputs name.
pub(super) fn check(checks: &mut Checks<'_>) -> Option<Target> {
    let given = checks.sources.deciding(&FORMS).map(|(_, given)| FORMS.map(|form| given.get(form).is_some()));
    match given {
        Some([true, true]) => {
            let names = FORMS.map(|form| form.name).join(" and ");
            checks.complain_of(names, "are given together: give exactly one of them");
            None
        }
        Some([false, true]) => {
            let role = role(checks);
            let name = checks.parsed(inputs::COLLECTION_QUALIFIED_NAME, QualifiedName::of_collection);
            Some(Target { role: role?, qualified_name: name? })
        }
        _ => {
            if checks.sources.value(inputs::COLLECTION_ROLE).is_some() {
                let what = "is for a query collection, and a connection is named: leave it out";
                checks.complain(inputs::COLLECTION_ROLE, what);
            }
            let qualified_name = connection::check(checks)?;
            Some(Target { role: Role::ConnectionAdmin, qualified_name })
        }
    }
}

fn role(checks: &mut Checks<'_>) -> Option<Role> {
    if checks.sources.value(inputs::COLLECTION_ROLE).is_none() {
        return Some(Role::Editor);
    }
    checks.parsed(inputs::COLLECTION_ROLE, |text| match text.trim().to_ascii_lowercase().as_str() {
        "editor" => Ok(Role::Editor),
        "viewer" => Ok(Role::Viewer),
        _ => Err("must be editor or viewer".to_owned()),
    })
}
