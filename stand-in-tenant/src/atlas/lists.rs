//! What Atlas checks, and does at Keycloak, before it writes the lists of an asset.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::World;
use crate::answer::Answer;
use crate::asset::{Asset, Kind};

/// The lists that a request names: `null` is an empty one, and what is left out isn't here.
pub(super) type Lists = Vec<(&'static str, Vec<String>)>;

pub(super) fn named(kind: Kind, attributes: &Map<String, Value>) -> Lists {
    let names = |list: &Value| {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let named = kind.lists().iter().filter_map(|list| Some((*list, attributes.get(*list)?)));
    named.map(|(list, value)| (list, names(value))).collect()
}

/// The lists as they are to be written.
pub(super) fn check(world: &World, asset: &Asset, mut lists: Lists) -> Result<Lists, Answer> {
    // Whatever goes wrong with Keycloak is told in the same words.
    if world.keycloak.fails_atlas || asset.role_missing {
        return Err(Answer::atlas(400, "ATLAS-400-00-029", "Auth request failed"));
    }
    let sent = |name: &str| lists.iter().find(|(list, _)| *list == name).map(|(_, names)| names.as_slice());
    if asset.kind.lists().iter().all(|list| sent(list).unwrap_or(asset.list(list)).is_empty()) {
        let message = format!("Admin list should not be empty for type {:?}", asset.kind);
        return Err(Answer::atlas(400, "ATLAS-400-00-114", &message));
    }
    // A collection's creator stays an editor, unless editors aren't spoken of.
    if let Some((_, editors)) = lists.iter_mut().find(|(list, _)| *list == "adminUsers")
        && asset.kind == Kind::Collection
        && !editors.contains(&asset.created_by)
    {
        editors.push(asset.created_by.clone());
    }
    let mut added = lists.iter().filter(|(list, _)| list.ends_with("Users")).flat_map(|(list, names)| {
        let before: HashSet<&String> = asset.list(list).iter().collect();
        names.iter().filter(move |name| !before.contains(name))
    });
    if let Some(unknown) = added.find(|name| !world.knows_user(name)) {
        let message = format!("Keycloak user not found with userName {unknown}");
        return Err(Answer::atlas(500, "ATLAS-500-00-001", &message));
    }
    Ok(lists)
}
