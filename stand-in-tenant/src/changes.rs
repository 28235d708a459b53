//! What follows from every change, whoever makes it.

use crate::World;

impl World {
    /// After anything may have changed an asset: sees to it that its `updateTime` differs, and that
    /// its lists are in the storage's order.
    pub(crate) fn settle(&mut self) {
        let now = self.now();
        for asset in &mut self.assets {
            let before = self.recorded.iter().find(|recorded| recorded.guid == asset.guid);
            if before.is_some_and(|before| asset.has_the_content_of(before)) {
                continue;
            }
            if self.own_order {
                for list in asset.kind.lists() {
                    // A list that is null stays so.
                    if !asset.list(list).is_empty() {
                        asset.list_mut(list).sort();
                    }
                }
            }
            if let Some(before) = before.filter(|before| before.update_time == asset.update_time) {
                asset.update_time = now.max(before.update_time + 1);
            }
        }
        if self.assets != self.recorded {
            self.recorded.clone_from(&self.assets);
            self.remember();
        }
    }
}
