//! Where a Vite config takes a further `optimizeDeps.include`.

mod exported;

use oxc_allocator::Allocator;
use oxc_ast::ast::{ArrayExpression, Expression, ObjectExpression, ObjectPropertyKind};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};

use exported::exported;

/// A text to insert at a byte of the config.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Insertion {
    at: usize,
    text: String,
}

/// How to add a dependency to an environment's `optimizeDeps.include`: `None` when the config has a shape that this does
/// not know, or has the dependency already.
fn include(config: &str, environment: &str, id: &str) -> Option<Insertion> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, config, SourceType::ts()).parse();
    if parsed.panicked {
        return None;
    }
    let config_object = exported(&parsed.program)?;
    let writer = Writer { config, quote: quote_of(config) };
    writer.descend(config_object, &["environments", environment, "optimizeDeps", "include"], id)
}

/// The config with dependencies of environments in it, those that it takes: `None` when it takes none of them.
pub fn include_all<'a>(config: &str, late: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let mut edited: Option<String> = None;
    for (environment, id) in late {
        let text = edited.as_deref().unwrap_or(config);
        if let Some(Insertion { at, text: inserted }) = include(text, environment, id) {
            edited = Some(format!("{}{inserted}{}", &text[..at], &text[at..]));
        }
    }
    edited
}

struct Writer<'a> {
    config: &'a str,
    quote: char,
}

impl Writer<'_> {
    /// Follows the keys as far as they exist, and adds the rest. What is spread or computed may have any key, and of two
    /// with one key, the last one counts.
    fn descend(&self, object: &ObjectExpression, keys: &[&str], id: &str) -> Option<Insertion> {
        let (key, rest) = keys.split_first()?;
        for property in object.properties.iter().rev() {
            let ObjectPropertyKind::ObjectProperty(property) = property else { return None };
            if property.key.static_name()? == *key {
                return match property.value.get_inner_expression() {
                    Expression::ObjectExpression(inner) if !rest.is_empty() => self.descend(inner, rest, id),
                    Expression::ArrayExpression(list) if rest.is_empty() => self.append_element(list, id),
                    _ => None,
                };
            }
        }
        Some(self.append_property(object, &self.nested(keys, id)))
    }

    fn nested(&self, keys: &[&str], id: &str) -> String {
        let list = format!("[{}]", self.quoted(id));
        keys.iter().rev().enumerate().fold(list, |inner, (depth, key)| {
            let value = if depth == 0 { inner } else { format!("{{ {inner} }}") };
            format!("{}: {value}", self.key(key))
        })
    }

    fn append_property(&self, object: &ObjectExpression, property: &str) -> Insertion {
        let Some(last) = object.properties.last().map(GetSpan::span) else {
            let indent = self.indent(object.span.start as usize);
            let text = format!("\n{indent}  {property},\n{indent}");
            return Insertion { at: object.span.start as usize + 1, text };
        };
        let several_lines = self.config[object.span.start as usize..last.start as usize].contains('\n');
        let (at, has_comma) = self.behind(last.end as usize, object.span.end as usize - 1);
        let separator =
            if several_lines { format!("\n{}", self.indent(last.start as usize)) } else { " ".into() };
        let text = match has_comma {
            true => format!("{separator}{property},"),
            false => format!(",{separator}{property}"),
        };
        Insertion { at, text }
    }

    fn append_element(&self, list: &ArrayExpression, id: &str) -> Option<Insertion> {
        let known = list.elements.iter().filter_map(|element| match element.as_expression() {
            Some(Expression::StringLiteral(literal)) => Some(literal.value.as_str()),
            _ => None,
        });
        if known.into_iter().any(|known| known == id) {
            return None;
        }
        let Some(last) = list.elements.last().map(GetSpan::span) else {
            return Some(Insertion { at: list.span.start as usize + 1, text: self.quoted(id) });
        };
        let several_lines = self.config[list.span.start as usize..last.start as usize].contains('\n');
        let (at, has_comma) = self.behind(last.end as usize, list.span.end as usize - 1);
        let separator =
            if several_lines { format!("\n{}", self.indent(last.start as usize)) } else { " ".into() };
        let id = self.quoted(id);
        let text = if has_comma { format!("{separator}{id},") } else { format!(",{separator}{id}") };
        Some(Insertion { at, text })
    }

    /// Where to insert behind an item, and whether there is a comma already. A comma in a comment is none.
    fn behind(&self, item_end: usize, end: usize) -> (usize, bool) {
        let rest = &self.config[item_end..end];
        let comma = rest.find(',').filter(|at| rest[..*at].trim().is_empty());
        comma.map_or((item_end, false), |at| (item_end + at + 1, true))
    }

    /// The white space that the line of an offset begins with.
    fn indent(&self, offset: usize) -> &str {
        let line = self.config[..offset].rfind('\n').map_or(0, |at| at + 1);
        let text = &self.config[line..];
        &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]
    }

    fn quoted(&self, text: &str) -> String {
        format!("{0}{text}{0}", self.quote)
    }

    fn key(&self, key: &str) -> String {
        let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
            && !key.starts_with(|c: char| c.is_ascii_digit());
        if bare { key.to_owned() } else { self.quoted(key) }
    }
}

/// The quotes that the config uses itself.
fn quote_of(config: &str) -> char {
    if config.matches('"').count() > config.matches('\'').count() { '"' } else { '\'' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(config: &str, environment: &str, id: &str) -> Option<String> {
        let Insertion { at, text } = include(config, environment, id)?;
        Some(format!("{}{text}{}", &config[..at], &config[at..]))
    }

    #[test]
    fn common_shapes_are_edited() {
        let table = [
            (
                "export default { plugins: [] }",
                "export default { plugins: [], environments: { worker: { optimizeDeps: { include: ['zod'] } } } }",
            ),
            (
                "export default defineConfig({\n  plugins: [a(), b()],\n})\n",
                "export default defineConfig({\n  plugins: [a(), b()],\n  environments: { worker: { optimizeDeps: { include: ['zod'] } } },\n})\n",
            ),
            (
                "export default defineConfig(() => ({\n\tplugins: [/'[,{]/]\n}))",
                "export default defineConfig(() => ({\n\tplugins: [/'[,{]/],\n\tenvironments: { worker: { optimizeDeps: { include: ['zod'] } } }\n}))",
            ),
            (
                "export default defineConfig(async ({ mode }) => {\n  const x = 1\n  return {\n    base: `${x}}`, // a, b\n  }\n})",
                "export default defineConfig(async ({ mode }) => {\n  const x = 1\n  return {\n    base: `${x}}`,\n    environments: { worker: { optimizeDeps: { include: ['zod'] } } }, // a, b\n  }\n})",
            ),
            (
                "const config: UserConfig = {}\nexport default config satisfies UserConfig",
                "const config: UserConfig = {\n  environments: { worker: { optimizeDeps: { include: ['zod'] } } },\n}\nexport default config satisfies UserConfig",
            ),
            (
                "module.exports = { \"environments\": { \"worker\": {} } }",
                "module.exports = { \"environments\": { \"worker\": {\n  optimizeDeps: { include: [\"zod\"] },\n} } }",
            ),
            (
                "export default { environments: { worker: { optimizeDeps: { include: [] } } } }",
                "export default { environments: { worker: { optimizeDeps: { include: ['zod'] } } } }",
            ),
            (
                "export default { environments: { worker: { optimizeDeps: { include: ['a'] } } } }",
                "export default { environments: { worker: { optimizeDeps: { include: ['a', 'zod'] } } } }",
            ),
            (
                "export default { environments: { worker: { optimizeDeps: { include: [\n  'a',\n  ...more,\n] } } } }",
                "export default { environments: { worker: { optimizeDeps: { include: [\n  'a',\n  ...more,\n  'zod',\n] } } } }",
            ),
            (
                "export default { ...shared, environments: { worker: { optimizeDeps: { include: ['a'] } } } }",
                "export default { ...shared, environments: { worker: { optimizeDeps: { include: ['a', 'zod'] } } } }",
            ),
            (
                "process.env = { A: '1' }\nexport default { a }",
                "process.env = { A: '1' }\nexport default { a, environments: { worker: { optimizeDeps: { include: ['zod'] } } } }",
            ),
            (
                "export default mergeConfig(defineConfig({ a }), { b })",
                "export default mergeConfig(defineConfig({ a }), { b, environments: { worker: { optimizeDeps: { include: ['zod'] } } } })",
            ),
            (
                "export default mergeConfig({ a }, other)",
                "export default mergeConfig({ a, environments: { worker: { optimizeDeps: { include: ['zod'] } } } }, other)",
            ),
            (
                "const config = defineConfig(() => { const config = { a }; return config })\nexport default config",
                "const config = defineConfig(() => { const config = { a, environments: { worker: { optimizeDeps: { include: ['zod'] } } } }; return config })\nexport default config",
            ),
        ];
        for (config, expected) in table {
            assert_eq!(edited(config, "worker", "zod").as_deref(), Some(expected));
        }
        let quoted = edited("export default { a }", "my-app", "@scope/x").expect("it is common");
        assert_eq!(
            quoted,
            "export default { a, environments: { 'my-app': { optimizeDeps: { include: ['@scope/x'] } } } }"
        );
    }

    #[test]
    fn several_are_added_one_after_the_other() {
        let config = "export default { environments: { ssr: { optimizeDeps: { include: ['zod'] } } } }";
        let late = [("ssr", "zod"), ("ssr", "swr"), ("worker", "zod")];
        let expected = "export default { environments: { ssr: { optimizeDeps: { include: ['zod', 'swr'] } }, worker: { optimizeDeps: { include: ['zod'] } } } }";
        assert_eq!(include_all(config, late).as_deref(), Some(expected));
        assert_eq!(include_all(config, [("ssr", "zod")]), None);
        assert_eq!(include_all("export default make()", late), None);
    }

    #[test]
    fn other_shapes_are_left_alone() {
        let table = [
            "export default make()",
            "export default",
            "export default { environments }",
            "export default { environments: shared }",
            "export default { environments: { worker: { optimizeDeps: { include: deps } } } }",
            "export default { environments: { worker: { optimizeDeps: { include: ['zod'] } } } }",
            "export { config as default } from './other'",
            // What is spread or computed may have the key.
            "export default { plugins, ...shared }",
            "export default { environments: {}, ...shared }",
            "export default { plugins, [name]: {} }",
            "export default { environments: { worker: { ...defaults } } }",
            // Not what is exported.
            "process.env = { A: '1' }",
            "module.exports.server = {}",
            "exports = {}",
            // Who knows what others make of it.
            "export default createConfig({ port: 3000 })",
            "export default vite.load({})",
            // Which of them is returned is not known.
            "export default () => { if (a) return {}; return {} }",
            "export default () => { if (a) { return b } else return {} }",
            "export default () => { switch (a) { case 1: return b }; return {} }",
            "export default () => { for (const a of b) try { return a } catch { c() }; return {} }",
            "export default () => { if (a) { return {} } }",
            // Names that lead back to themselves, to nothing, or to another thing by now.
            "const a = b; const b = a; export default a",
            "const a = a; export default a",
            "const a = () => a; export default a",
            "const config = defineConfig(() => config); export default config",
            "const config = {}; export default (config) => config",
            "const config = {}; export default () => { const { config } = load(); return config }",
            "let config = {}; config = load(); export default config",
            "",
        ];
        for config in table {
            assert_eq!(edited(config, "worker", "zod"), None, "{config}");
        }
    }
}
