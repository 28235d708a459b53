//! Who may read an asset and who may write it.

use crate::{Asset, Kind, World, example};

/// A user's role in the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// May do what the lists of an asset allow.
    #[default]
    Admin,
    /// May read a connection of which it is an admin, and not write it.
    Member,
    /// The same.
    Guest,
}

/// What somebody may do with an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    Nothing,
    Read,
    Write,
}

/// What this user may do with this asset, as the replica sees it whose turn it is.
pub(crate) fn right(world: &World, asset: &Asset, user: &str) -> Right {
    if user == world.workflow_user() {
        return Right::Write;
    }
    if !world.right_has_come(user) {
        return Right::Nothing;
    }
    let role = world.roles.get(user).copied().unwrap_or_default();
    let listed = |users: &str, groups: &str| {
        asset.list(users).iter().any(|name| name == user)
            || asset.list(groups).iter().any(|group| world.is_in_group(user, group))
    };
    let by_role = role == Role::Admin && asset.admin_roles.iter().any(|role| role == example::ADMIN_ROLE_ID);
    let is_admin = by_role || listed("adminUsers", "adminGroups");
    match asset.kind {
        Kind::Connection if is_admin && role == Role::Admin => Right::Write,
        Kind::Connection if is_admin => Right::Read,
        Kind::Collection if is_admin || asset.created_by == user => Right::Write,
        Kind::Collection if asset.viewer_users.iter().any(|name| name == user) => Right::Read,
        _ => Right::Nothing,
    }
}
