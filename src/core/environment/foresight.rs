//! What an environment knows of its modules' imports, and the crawl along them.

use serde::{Deserialize, Serialize};

use crate::core::crawl::Crawl;
use crate::core::event::{Activity, ActivityKind, ImportSite};
use crate::core::graph::ModuleGraph;
use crate::core::{Policy, Time};

/// See the module's text.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Foresight {
    graph: ModuleGraph,
    crawl: Option<Crawl>,
    /// How many crawls have begun.
    crawls: u32,
}

impl Foresight {
    /// Whatever is transformed, for whomever, leads a crawl on. Says whether a crawl has ended with it: what was crawled
    /// imports nothing that nobody has looked at.
    pub fn learn(&mut self, activity: &Activity) -> bool {
        let module = self.graph.intern(&activity.module);
        if let Some(module) = module {
            self.graph.set_imports(module, &activity.deps, &activity.dynamic_deps);
        }
        let Some(crawl) = &mut self.crawl else { return false };
        match module {
            Some(module) => {
                crawl.done(module);
                crawl.follow(&mut self.graph, module);
            }
            None => crawl.follow_urls(&mut self.graph, &activity.deps, &activity.dynamic_deps),
        }
        activity.kind == ActivityKind::Warmup && crawl.is_idle()
    }

    /// Modules are to be looked at.
    pub fn look_at(&mut self, modules: &[String]) {
        for url in modules {
            if let (Some(module), Some(crawl)) = (self.graph.intern(url), &mut self.crawl) {
                crawl.revisit(&mut self.graph, module);
            }
        }
    }

    /// Modules are no longer what they were.
    pub fn invalidate(&mut self, modules: &[String]) {
        for url in modules {
            if let Some(module) = self.graph.intern(url) {
                self.graph.invalidate(module);
            }
        }
    }

    /// Follows what has been transformed since the server was made.
    pub fn follow_known(&mut self) {
        let Some(crawl) = &mut self.crawl else { return };
        let known: Vec<_> = self.graph.iter().filter(|module| self.graph.is_current(*module)).collect();
        for module in known {
            crawl.follow(&mut self.graph, module);
        }
    }

    /// Begins a crawl, or gives the one that is going on more time.
    pub fn crawl_on(&mut self, gates: bool, policy: &Policy, now: Time) {
        match &mut self.crawl {
            Some(crawl) => crawl.renew(gates, policy, now),
            None => {
                self.crawls += 1;
                self.crawl = Some(Crawl::new(self.crawls, gates, policy, now));
            }
        }
    }

    /// Gives a crawl that is going on more time.
    pub fn renew(&mut self, policy: &Policy, now: Time) {
        if let Some(crawl) = &mut self.crawl {
            crawl.renew(false, policy, now);
        }
    }

    /// The next modules to transform, so that no more than `most` are underway, and fewer while requests are inside that
    /// do not wait for the crawl. Ends one whose budget is spent.
    pub fn next(&mut self, most: usize, busy: bool, now: Time) -> Vec<String> {
        let Some(crawl) = &mut self.crawl else { return Vec::new() };
        crawl.resume(now);
        if crawl.is_over(now) {
            self.crawl = None;
            return Vec::new();
        }
        let most = if busy && !crawl.gates { 1 } else { most };
        let next = crawl.next(&self.graph, most);
        next.into_iter().map(|module| self.graph.url(module)).collect()
    }

    /// A crawl waits, and its budget with it.
    pub fn pause(&mut self, now: Time) {
        if let Some(crawl) = &mut self.crawl {
            crawl.pause(now);
        }
    }

    /// Whether a crawl waits that has something to look at.
    pub fn is_waiting(&self) -> bool {
        self.crawl.as_ref().is_some_and(|crawl| crawl.is_paused() && !crawl.is_idle())
    }

    /// Whether modules were ordered and have not been transformed.
    pub fn is_underway(&self) -> bool {
        self.crawl.as_ref().is_some_and(|crawl| crawl.underway().next().is_some())
    }

    /// Whether a crawl is what makes this import known.
    pub fn explains(&self, importer: &ImportSite) -> bool {
        let Some(crawl) = &self.crawl else { return false };
        crawl.underway().any(|module| {
            let url = self.graph.url(module);
            let path = url.split(['?', '#']).next().unwrap_or(&url);
            importer.file.ends_with(path.strip_prefix("/@fs").unwrap_or(path).trim_start_matches('\0'))
        })
    }

    /// When a crawl that requests wait for ends at the latest; `None` when none does. Before the first run of an
    /// optimizer they wait although it has looked at everything.
    pub fn gated_until(&self, cold: bool) -> Option<Time> {
        let crawl = self.crawl.as_ref()?;
        (crawl.gates && (cold || !crawl.is_idle())).then(|| crawl.deadline())
    }
}
