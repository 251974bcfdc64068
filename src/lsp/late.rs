//! What the records of a sidecar say about the text of a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tower_lsp::ls_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Position, Range};

use crate::core::{HandledBy, ImportSite, advice};
use crate::protocol::{Reoptimization, ReoptimizationOutcome, StatusReport};

pub const SOURCE: &str = "evenkeel";
const CODE: &str = "late-dependency";

/// An import that was discovered late, and what that has cost each time.
#[derive(Debug, Clone)]
pub struct LateImport {
    pub id: String,
    pub environment: String,
    /// Of its app.
    pub root: String,
    site: ImportSite,
    records: Vec<Reoptimization>,
}

/// Late imports by the file they are in, since the dev server has started the last time: what was late before may be
/// in its config by now.
pub fn late_imports(status: &StatusReport) -> BTreeMap<PathBuf, Vec<LateImport>> {
    let mut files: BTreeMap<PathBuf, Vec<LateImport>> = BTreeMap::new();
    let is_late = |record: &&Reoptimization| {
        record.outcome == ReoptimizationOutcome::Reloaded
            && status.environments.iter().any(|environment| {
                environment.name == record.environment && environment.opened_at_ms <= record.discovered_at_ms
            })
    };
    for record in status.records.iter().filter(is_late) {
        for dep in &record.dependencies {
            let Some(site) = dep.importer.as_ref().filter(|site| site.line.is_some()) else { continue };
            let late = files.entry(PathBuf::from(&site.file)).or_default();
            let same =
                |known: &&mut LateImport| known.id == dep.id && known.environment == record.environment;
            match late.iter_mut().find(same) {
                Some(known) => known.records.push(record.clone()),
                None => late.push(LateImport {
                    id: dep.id.clone(),
                    environment: record.environment.clone(),
                    root: status.root.clone().unwrap_or_default(),
                    site: site.clone(),
                    records: vec![record.clone()],
                }),
            }
        }
    }
    files
}

impl LateImport {
    /// The import's specifier in the text as it is now; `None` when it is gone.
    pub fn range(&self, text: &str) -> Option<Range> {
        let expected = self.site.line? as usize - 1;
        let mut lines: Vec<(usize, &str)> = text.lines().enumerate().collect();
        lines.sort_by_key(|(number, _)| number.abs_diff(expected));
        lines.into_iter().find_map(|(number, line)| {
            let at =
                ['\'', '"', '`'].iter().find_map(|quote| line.find(&format!("{quote}{}{quote}", self.id)))?;
            let start = utf16(&line[..=at]);
            let position =
                |character| Position { line: u32::try_from(number).unwrap_or(u32::MAX), character };
            Some(Range { start: position(start), end: position(start + utf16(&self.id)) })
        })
    }

    pub fn diagnostic(&self, text: &str) -> Option<Diagnostic> {
        let foreseen = self.records.iter().all(|record| record.met == HandledBy::Foreseen);
        let severity = if foreseen { DiagnosticSeverity::HINT } else { DiagnosticSeverity::INFORMATION };
        let last = self.records.last()?;
        Some(Diagnostic {
            range: self.range(text)?,
            severity: Some(severity),
            code: Some(NumberOrString::String(CODE.into())),
            source: Some(SOURCE.into()),
            message: format!("`{}` was discovered late: {}.", self.id, cost(last)),
            ..Diagnostic::default()
        })
    }

    pub fn history(&self) -> String {
        let times = match self.records.len() {
            1 => "once".into(),
            many => format!("{many} times"),
        };
        let mut text =
            format!("**{}** was discovered late {times} since the dev server started.\n\n", self.id);
        for record in &self.records {
            text += &format!("- #{}: {}\n", record.id, cost(record));
        }
        text + &format!("\nTo have it from the start, in the Vite config:\n```ts\n{}\n```", self.advice())
    }

    pub fn advice(&self) -> String {
        advice(&self.environment, &[&self.id])
    }
}

fn cost(record: &Reoptimization) -> String {
    let took = record.stable_at_ms.map_or("is being re-optimized".into(), |stable| {
        format!("was re-optimized in {} ms", stable.saturating_sub(record.discovered_at_ms))
    });
    let environment = &record.environment;
    match record.met {
        HandledBy::Foreseen => format!("{environment} {took}, ahead of requests"),
        _ => format!("{environment} {took}; {} held, {} re-issued", record.held, record.recovered),
    }
}

fn utf16(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_only_added_is_not_late() {
        for (outcome, met, expected) in [("reloaded", "missed", 1), ("extended", "added", 0)] {
            let record = json!({ "id": 1, "environment": "worker", "outcome": outcome, "generation": 0, "met": met,
                "dependencies": [{ "id": "zod", "importer": { "file": "/app/page.tsx", "line": 1 } }],
                "discoveredAtMs": 2, "costMs": 0, "held": 0, "recovered": 0, "advice": "" });
            let environment = json!({ "name": "worker", "openedAtMs": 1, "guarded": true, "phase": "stable", "generation": 0,
                "browserHash": "a", "optimized": 1, "pending": [], "adds": true, "inFlight": 0 });
            let counts = json!({ "requests": 0, "held": 0, "recovered": 0, "gaveUp": 0, "reoptimizations": 1, "added": 0,
                "reloads": 0 });
            let status = json!({ "version": "0", "pid": 1, "health": "ok", "quiescent": true, "message": "stable",
                "environments": [environment], "records": [record], "counts": counts, "fallbacks": {},
                "requestsInFlight": 0, "uptimeMs": 9 });
            let status = serde_json::from_value(status).expect("a status");
            assert_eq!(late_imports(&status).len(), expected, "{outcome}");
        }
    }

    #[test]
    fn an_import_is_found_where_it_has_moved_to() {
        let late = LateImport {
            id: "zod".into(),
            environment: "worker".into(),
            root: "/".into(),
            site: ImportSite { file: "/a.ts".into(), line: Some(2), column: Some(16) },
            records: vec![],
        };
        let table = [
            ("\nimport z from 'zod'", Some((1, 15, 18))),
            ("import z from \"zod\"\n\n\n", Some((0, 15, 18))),
            ("\n\n\n/* 𝒳 */ import('zod')", Some((3, 17, 20))),
            ("import z from 'zod/v4'", None),
            ("", None),
        ];
        for (text, expected) in table {
            let found =
                late.range(text).map(|range| (range.start.line, range.start.character, range.end.character));
            assert_eq!(found, expected, "{text}");
        }
    }
}
