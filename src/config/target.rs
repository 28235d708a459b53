//! What the token gets a right to, and which right.

use serde::Serialize;

use super::QualifiedName;
use super::checks::{Checks, word};
use super::inputs::{self, Input};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An admin of a connection.
    #[default]
    ConnectionAdmin,
    /// An editor of a query collection.
    Editor,
    /// A viewer of a query collection.
    Viewer,
}

impl Kind {
    /// Its name in Atlas.
    pub fn type_name(self) -> &'static str {
        self.either("Connection", "Collection")
    }

    /// Its name in a sentence.
    pub fn noun(self) -> &'static str {
        self.either("connection", "collection")
    }

    /// The failure of a run that doesn't find it.
    pub fn not_found(self) -> ErrorKind {
        self.either(ErrorKind::ConnectionNotFound, ErrorKind::CollectionNotFound)
    }

    /// Those who may change its lists, in a sentence.
    pub fn keepers(self) -> &'static str {
        self.either("connection admins", "editors")
    }

    /// Whoever may change its lists, in a sentence.
    pub fn keeper(self) -> &'static str {
        self.either("a connection admin", "an editor")
    }

    fn either<T>(self, of_connection: T, of_collection: T) -> T {
        match self {
            Kind::Connection => of_connection,
            Kind::Collection => of_collection,
        }
    }
}

impl Role {
    /// The kind of asset that has it.
    pub fn kind(self) -> Kind {
        self.either(Kind::Connection, Kind::Collection, Kind::Collection)
    }

    /// The attribute of the asset that lists who has it.
    pub fn list(self) -> &'static str {
        self.either("adminUsers", "adminUsers", "viewerUsers")
    }

    /// Those on the list, in a sentence.
    pub fn users(self) -> &'static str {
        self.either("admin users", "editors", "viewers")
    }

    /// The list, as people call it.
    pub fn members(self) -> &'static str {
        self.either("admins", "editors", "viewers")
    }

    /// Whoever has it, in a sentence.
    pub fn holder(self) -> &'static str {
        self.either("a connection admin", "an editor", "a viewer")
    }

    fn either<T>(self, admin: T, editor: T, viewer: T) -> T {
        match self {
            Role::ConnectionAdmin => admin,
            Role::Editor => editor,
            Role::Viewer => viewer,
        }
    }
}

/// The inputs that can name it.
const FORMS: [Input; 2] = [inputs::CONNECTION_QUALIFIED_NAME, inputs::COLLECTION_QUALIFIED_NAME];

/// The target that the inputs name.
pub(super) fn check(checks: &mut Checks<'_>) -> Option<Target> {
    let form = checks.only(&FORMS)?;
    if form == inputs::COLLECTION_QUALIFIED_NAME {
        let roles = [("editor", Role::Editor), ("viewer", Role::Viewer)];
        let role = checks.parsed(inputs::COLLECTION_ROLE, |text| word(text, &roles));
        let qualified_name = checks.parsed(form, QualifiedName::of_collection)?;
        return Some(Target { role: role?, qualified_name });
    }
    if checks.is_given(inputs::COLLECTION_ROLE) {
        let what = "is for a query collection, and a connection is named: leave it out";
        checks.complain(inputs::COLLECTION_ROLE, what);
    }
    let name = checks.plain(form)?;
    let qualified_name = checks.accept(form, QualifiedName::parse(name))?;
    Some(Target { role: Role::ConnectionAdmin, qualified_name })
}
