//! The ids of the requests that wait for their responses.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tower_lsp::jsonrpc::Id;

/// See the module's text.
#[derive(Debug, Clone, Default)]
pub struct PendingIds(Arc<Mutex<HashSet<Id>>>);

impl PendingIds {
    pub fn has(&self, id: &Id) -> bool {
        self.ids().contains(id)
    }

    pub fn add(&self, id: &Id) {
        self.ids().insert(id.clone());
    }

    pub fn remove(&self, id: &Id) {
        self.ids().remove(id);
    }

    fn ids(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
