//! What a transcript expects of a JSON value.

use serde_json::Value;

/// Reads an expectation: JSON in which a bare `…` stands for further fields or elements.
pub fn parse(text: &str) -> Result<Value, String> {
    let (mut json, mut containers) = (String::new(), Vec::new());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        let at_quote = c == '"' && !escaped;
        escaped = in_string && c == '\\' && !escaped;
        in_string ^= at_quote;
        match c {
            '{' | '[' if !in_string => containers.push(c),
            '}' | ']' if !in_string => drop(containers.pop()),
            _ => {}
        }
        match (c, containers.last()) {
            ('…', Some('{')) if !in_string => json.push_str("\"…\": null"),
            ('…', _) if !in_string => json.push_str("\"…\""),
            _ => json.push(c),
        }
    }
    serde_json::from_str(&json).map_err(|error| format!("not JSON: {error}: {text}"))
}

/// Compares, and says where the two differ.
pub fn compare(expected: &Value, found: &Value) -> Result<(), String> {
    compare_at("", expected, found)
}

fn compare_at(path: &str, expected: &Value, found: &Value) -> Result<(), String> {
    let differs =
        || Err(format!("{}: expected {expected}, found {found}", if path.is_empty() { "/" } else { path }));
    match (expected, found) {
        (Value::String(pattern), _) if pattern == "*" => Ok(()),
        (Value::String(pattern), Value::Number(number)) => match at_least(pattern) {
            Some(least) if number.as_f64().is_some_and(|number| number >= least) => Ok(()),
            _ => differs(),
        },
        (Value::String(pattern), Value::String(text)) if glob(pattern, text) => Ok(()),
        (Value::Object(fields), Value::Object(values)) => {
            let open = fields.contains_key("…");
            if let Some(extra) = values.keys().find(|key| !open && !fields.contains_key(*key)) {
                return Err(format!("{path}/{extra}: not expected, found {}", values[extra]));
            }
            fields.iter().filter(|(key, _)| *key != "…").try_for_each(|(key, field)| match values.get(key) {
                Some(value) => compare_at(&format!("{path}/{key}"), field, value),
                None => Err(format!("{path}/{key}: expected {field}, found nothing in {found}")),
            })
        }
        (Value::Array(patterns), Value::Array(values)) => {
            let open = patterns.last().is_some_and(|last| last == "…");
            let patterns = &patterns[..patterns.len() - usize::from(open)];
            if values.len() < patterns.len() || (!open && values.len() > patterns.len()) {
                return differs();
            }
            let mut pairs = patterns.iter().zip(values).enumerate();
            pairs.try_for_each(|(index, (pattern, value))| {
                compare_at(&format!("{path}/{index}"), pattern, value)
            })
        }
        _ if expected == found => Ok(()),
        _ => differs(),
    }
}

/// `">= 50"`
fn at_least(pattern: &str) -> Option<f64> {
    pattern.strip_prefix(">= ")?.parse().ok()
}

/// Whether the parts between the stars follow each other in the text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[test]
fn patterns_tell_values_apart() {
    let table = [
        (r#"{"a": 1}"#, r#"{"a": 1}"#, true),
        (r#"{"a": 1}"#, r#"{"a": 2}"#, false),
        (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false),
        (r#"{"a": 1, …}"#, r#"{"a": 1, "b": 2}"#, true),
        (r#"{"a": 1, …}"#, r#"{"b": 2}"#, false),
        (r#"{"a": "*"}"#, r#"{"a": [1]}"#, true),
        (r#"{"a": "*"}"#, r#"{}"#, false),
        (r#"[1, …]"#, r#"[1, 2]"#, true),
        (r#"[1, …]"#, r#"[]"#, false),
        (r#"[1]"#, r#"[1, 2]"#, false),
        (r#"["…"]"#, r#"[]"#, true),
        (r#""a*c*e""#, r#""abcde""#, true),
        (r#""a*c*e""#, r#""abde""#, false),
        (r#""*b""#, r#""abc""#, false),
        (r#""said \"…\" once""#, r#""said \"…\" once""#, true),
        (r#"">= 5""#, "5", true),
        (r#"">= 5""#, "4", false),
        ("null", "0", false),
    ];
    for (expected, found, equal) in table {
        let pattern = parse(expected).expect("a pattern");
        let value = serde_json::from_str(found).expect("JSON");
        assert_eq!(compare(&pattern, &value).is_ok(), equal, "{expected} and {found}");
    }
}
