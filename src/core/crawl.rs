//! Foreseeing: which modules to transform before a request asks for them, so that late dependencies are met early.

use std::collections::VecDeque;

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};

use super::graph::{ModuleGraph, ModuleId};
use super::{Policy, Time};

/// A crawl along the imports of an environment. It is led on by every transform until its budget
/// is spent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Crawl {
    /// By which the graph knows what is queued or was ordered in this crawl; nothing is transformed twice for it.
    number: u32,
    statics: VecDeque<ModuleId>,
    dynamics: VecDeque<ModuleId>,
    /// Ordered of the client and not reported as done.
    underway: IndexSet<ModuleId>,
    deadline: Time,
    /// Since when it waits.
    paused_at: Option<Time>,
    /// Whether requests wait for its end.
    pub gates: bool,
}

impl Crawl {
    /// Its number is its own, and never 0: that is what a module has that no crawl has queued.
    pub fn new(number: u32, gates: bool, policy: &Policy, now: Time) -> Self {
        Crawl {
            number,
            statics: VecDeque::new(),
            dynamics: VecDeque::new(),
            underway: IndexSet::new(),
            deadline: now + policy.foresee_budget(),
            paused_at: None,
            gates,
        }
    }

    /// A further cause for the same crawl: what is underway goes on, and the budget begins anew.
    pub fn renew(&mut self, gates: bool, policy: &Policy, now: Time) {
        self.gates |= gates;
        self.deadline = now + policy.foresee_budget();
        self.paused_at = self.paused_at.map(|_| now);
    }

    pub fn pause(&mut self, now: Time) {
        self.paused_at.get_or_insert(now);
    }

    /// The budget is that of the time in which it may go on.
    pub fn resume(&mut self, now: Time) {
        if let Some(paused_at) = self.paused_at.take() {
            self.deadline += now.saturating_sub(paused_at);
        }
    }

    pub fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    pub fn deadline(&self) -> Time {
        self.deadline
    }

    /// Puts a changed module first, even if this crawl has been there.
    pub fn revisit(&mut self, graph: &mut ModuleGraph, module: ModuleId) {
        graph.queue(module, self.number);
        self.statics.push_front(module);
    }

    /// Queues what a module imports and nobody has transformed. Static imports go first: a request needs them all.
    pub fn follow(&mut self, graph: &mut ModuleGraph, module: ModuleId) {
        let mut nth = 0;
        while let Some((import, is_static)) = graph.import(module, nth) {
            nth += 1;
            self.lead_to(graph, import, is_static);
        }
    }

    /// The same for a module that the graph does not keep.
    pub fn follow_urls(&mut self, graph: &mut ModuleGraph, deps: &[String], dynamic_deps: &[String]) {
        let statics = deps.iter().map(|url| (url, true));
        for (url, is_static) in statics.chain(dynamic_deps.iter().map(|url| (url, false))) {
            if let Some(import) = graph.intern(url) {
                self.lead_to(graph, import, is_static);
            }
        }
    }

    fn lead_to(&mut self, graph: &mut ModuleGraph, import: ModuleId, is_static: bool) {
        if graph.is_current(import) || !is_source(graph.parts(import)) || !graph.queue(import, self.number) {
            return;
        }
        let queue = if is_static { &mut self.statics } else { &mut self.dynamics };
        queue.push_back(import);
    }

    pub fn done(&mut self, module: ModuleId) {
        self.underway.swap_remove(&module);
    }

    /// The next modules to order, so that no more than `most` are underway.
    pub fn next(&mut self, graph: &ModuleGraph, most: usize) -> Vec<ModuleId> {
        let mut ordered = Vec::new();
        while self.underway.len() < most {
            let Some(module) = self.statics.pop_front().or_else(|| self.dynamics.pop_front()) else { break };
            // A request may have been faster.
            if !graph.is_current(module) && self.underway.insert(module) {
                ordered.push(module);
            }
        }
        ordered
    }

    pub fn underway(&self) -> impl Iterator<Item = ModuleId> {
        self.underway.iter().copied()
    }

    pub fn is_idle(&self) -> bool {
        self.statics.is_empty() && self.dynamics.is_empty() && self.underway.is_empty()
    }

    pub fn is_over(&self, now: Time) -> bool {
        now >= self.deadline
    }
}

/// Bare URLs are the runtime's own modules.
fn is_source([folder, file]: [&str; 2]) -> bool {
    let start = if folder.is_empty() { file } else { folder };
    start.starts_with(['/', '\0']) || start.starts_with("virtual:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crawl_goes_on_from_where_it_was_written_down() {
        let mut graph = ModuleGraph::default();
        let entry = graph.intern("/entry.ts").expect("it has no version");
        let mut crawl = Crawl::new(1, true, &Policy::default(), Time::ZERO);
        crawl.revisit(&mut graph, entry);
        assert_eq!(crawl.next(&graph, 10), [entry]);
        graph.set_imports(entry, &["/a.ts".into(), "/b.ts".into()], &["/entry.ts".into()]);
        crawl.follow(&mut graph, entry);

        let text = serde_json::to_string(&(&crawl, &graph)).expect("it can be written");
        let (read, again): (Crawl, ModuleGraph) = serde_json::from_str(&text).expect("it can be read");
        for (mut crawl, mut graph) in [(crawl, graph), (read, again)] {
            crawl.follow(&mut graph, entry);
            crawl.done(entry);
            let ordered = crawl.next(&graph, 2);
            assert_eq!(ordered.len(), 2);
            ordered.into_iter().for_each(|module| crawl.done(module));
            assert_eq!(crawl.next(&graph, 2), [], "what is queued is not queued again");
        }
    }
}
