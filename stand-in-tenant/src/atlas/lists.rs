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
    match asset.kind {
        Kind::Connection if lists.is_empty() => return Ok(lists),
        Kind::Connection => check_roles_of_connection(world, asset, &lists)?,
        Kind::Collection => {
            // Both roles of a collection are looked up, whatever is sent.
            look_up_role(world, asset)?;
            put_creator_back(asset, &mut lists);
        }
    }
    let mut added = lists.iter().filter(|(list, _)| list.ends_with("Users")).flat_map(|(list, names)| {
        let before: HashSet<&String> = asset.list(list).iter().collect();
        names.iter().filter(move |name| !before.contains(name))
    });
    match added.find(|name| !world.knows_user(name)) {
        None => Ok(lists),
        Some(unknown) => {
            let message = format!("Keycloak user not found with userName {unknown}");
            Err(Answer::atlas(500, "ATLAS-500-00-001", &message))
        }
    }
}

fn check_roles_of_connection(world: &World, asset: &Asset, lists: &Lists) -> Result<(), Answer> {
    look_up_role(world, asset)?;
    let sent = |name: &str| lists.iter().find(|(list, _)| *list == name).map(|(_, names)| names.as_slice());
    if asset.kind.lists().iter().all(|list| sent(list).unwrap_or(asset.list(list)).is_empty()) {
        let message = format!("Admin list should not be empty for type {}", asset.kind.type_name());
        return Err(Answer::atlas(400, "ATLAS-400-00-114", &message));
    }
    Ok(())
}

/// Whatever goes wrong with Keycloak is told in the same words.
fn look_up_role(world: &World, asset: &Asset) -> Result<(), Answer> {
    if world.keycloak.fails_atlas || asset.role_missing {
        return Err(Answer::atlas(400, "ATLAS-400-00-029", "Auth request failed"));
    }
    Ok(())
}

/// A collection's creator stays an editor, unless editors aren't spoken of.
fn put_creator_back(asset: &Asset, lists: &mut Lists) {
    if let Some((_, editors)) = lists.iter_mut().find(|(list, _)| *list == "adminUsers")
        && !editors.contains(&asset.created_by)
    {
        editors.push(asset.created_by.clone());
    }
}
