//! What the token gets a right to, and which right.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::checks::{Checked, Checks, one_line, word};
use super::inputs::{COLLECTION_QUALIFIED_NAME, COLLECTION_ROLE, CONNECTION_QUALIFIED_NAME};
use crate::error::ErrorKind;
use crate::text::{bare, quoted};

/// An asset, and the right to it that the token gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which right, and with it which kind of asset.
    pub role: Role,
    /// Which asset of that kind.
    pub qualified_name: QualifiedName,
}

impl Serialize for Target {
    /// As a report names it: in a field of its kind.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map([(self.role.noun(), self.qualified_name.as_str())])
    }
}

/// What the token becomes, and with it the kind of asset: a connection, whose list is that of its admins, or
/// a query collection, which has editors and viewers.
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

impl Role {
    /// The asset's type in Atlas.
    pub fn type_name(self) -> &'static str {
        self.either("Connection", "Collection", "Collection")
    }

    /// The asset, in a sentence.
    pub fn noun(self) -> &'static str {
        self.either("connection", "collection", "collection")
    }

    /// The failure of a run that doesn't find the asset.
    pub fn not_found(self) -> ErrorKind {
        let of_collection = ErrorKind::CollectionNotFound;
        self.either(ErrorKind::ConnectionNotFound, of_collection, of_collection)
    }

    /// Whoever may change the asset's lists, in a sentence.
    pub fn keeper(self) -> &'static str {
        self.either("a connection admin", "an editor", "an editor")
    }

    /// The attribute of the asset that lists who has it.
    pub fn list(self) -> &'static str {
        self.either("adminUsers", "adminUsers", "viewerUsers")
    }

    /// Those on the list, in a sentence.
    pub fn users(self) -> &'static str {
        self.either("admin users", "editors", "viewers")
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

/// The target that the inputs name.
pub(super) fn check(checks: &mut Checks) -> Option<Target> {
    let form = checks.only(&[CONNECTION_QUALIFIED_NAME, COLLECTION_QUALIFIED_NAME])?;
    if form == CONNECTION_QUALIFIED_NAME && checks.is_given(COLLECTION_ROLE) {
        checks.complain(COLLECTION_ROLE, "is for a query collection, and not for a connection: leave it out");
    }
    let roles = [("editor", Role::Editor), ("viewer", Role::Viewer)];
    let role = match form {
        CONNECTION_QUALIFIED_NAME => Role::ConnectionAdmin,
        // If it is wrong, nothing comes of it.
        _ => checks.parsed(COLLECTION_ROLE, |text| word(text, &roles)).unwrap_or(Role::Editor),
    };
    let name = QualifiedName::parse(&checks.plain(form)?, role);
    Some(Target { role, qualified_name: checks.accept(form, name)? })
}

/// A qualified name, in parts with `/` between: three of a connection, four of a query collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualifiedName(String);

impl QualifiedName {
    /// Takes a name such as `default/snowflake/1700000000`: bare, as a JSON array with that one string, or
    /// in the JSON object of the connection, as Atlan's pickers make them. The workflow template's mutex
    /// knows the same forms. Nothing but its parts is asked of a name: real ones have blanks, brackets and
    /// other letters in them.
    pub fn parse(text: &str, role: Role) -> Checked<QualifiedName> {
        let collection = (4, "four parts, as in default/collection/CREATOR/UUID");
        let connection = (
            3,
            "three parts, as in default/snowflake/1700000000 (a query collection's belongs into COLLECTION_QUALIFIED_NAME)",
        );
        let (parts, expected) = role.either(connection, collection, collection);
        let text = bare(text);
        let is_json = text.starts_with(['[', '{']);
        let json: Option<Value> = is_json.then(|| serde_json::from_str(text).unwrap_or_default());
        let no_name = "holds JSON that isn't an array with one name, nor Atlan's connection object";
        let name = one_line(bare(json.as_ref().map_or(Some(text), name_in).ok_or(no_name)?))?;
        if name.split('/').count() != parts || name.split('/').any(|part| part.trim().is_empty()) {
            let (found, noun) = (quoted(name), role.noun());
            return Err(format!("holds {found}, and a {noun}'s qualified name has {expected}"));
        }
        Ok(QualifiedName(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When the connection was made, if the end of its name tells: Atlan puts the seconds since
    /// 1970 there.
    pub fn made_at(&self) -> Option<SystemTime> {
        /// From 2015, before there was Atlan, to 2100.
        const PLAUSIBLE: std::ops::Range<u64> = 1_420_070_400..4_102_444_800;
        let seconds = self.0.rsplit('/').next()?.parse().ok()?;
        PLAUSIBLE.contains(&seconds).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

/// The only name in an array, or the one in an object that is a connection.
fn name_in(json: &Value) -> Option<&str> {
    match json {
        Value::Array(names) => names.first().filter(|_| names.len() == 1).and_then(name_in),
        Value::Object(connection) => connection.get("attributes")?.get("qualifiedName")?.as_str(),
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_name_tells_when_the_connection_was_made() {
        let made_at = |name: &str| QualifiedName::parse(name, Role::ConnectionAdmin).unwrap().made_at();
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(made_at("default/snowflake/1700000000"), Some(made));
        for other in ["default/x/1", "default/x/production", "default/x/1700000000000"] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
